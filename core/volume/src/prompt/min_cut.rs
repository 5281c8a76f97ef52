//! Minimal cuts of networks on grids: augmenting paths between two search trees that are kept and mended (Boykov and Kolmogorov, *An experimental
//! comparison of min-cut/max-flow algorithms*, 2004).

use std::collections::VecDeque;

/// Links of one node: its capacity from the source (negative: to the sink), and of each of six neighbours (opposite ones at `2n` and `2n + 1`) the number
/// and the capacity towards it. A neighbour without capacity either way may have any number.
pub(super) type Links = (i32, [(u32, i32); 6]);

/// How a node hangs in its tree: by the neighbour `0..6`, by its terminal, not for the moment, or in no tree.
const TERMINAL: u8 = 6;
const ORPHAN: u8 = 7;
const FREE: u8 = 8;

/// A flow through a network, and the trees from both terminals.
pub(super) struct Network {
    /// What is left from the source (above zero) or to the sink (below).
    terminal: Vec<i32>,
    neighbours: Vec<[u32; 6]>,
    left: Vec<[i32; 6]>,
    parent: Vec<u8>,
    is_sink: Vec<bool>,
    /// How far from its terminal a node was, and when that was found.
    depth: Vec<u32>,
    stamp: Vec<u32>,
    time: u32,
    active: VecDeque<u32>,
    is_active: Vec<bool>,
    orphans: VecDeque<u32>,
}

impl Network {
    pub fn new(links: &[Links]) -> Self {
        let count = links.len();
        Self {
            terminal: links.iter().map(|(terminal, _)| *terminal).collect(),
            neighbours: links.iter().map(|(_, beside)| beside.map(|(node, _)| node)).collect(),
            left: links.iter().map(|(_, beside)| beside.map(|(node, capacity)| if node == u32::MAX { 0 } else { capacity })).collect(),
            parent: vec![FREE; count],
            is_sink: vec![false; count],
            depth: vec![0; count],
            stamp: vec![0; count],
            time: 0,
            active: VecDeque::new(),
            is_active: vec![false; count],
            orphans: VecDeque::new(),
        }
    }

    /// The nodes on the source's side of the minimal cut that has the fewest there.
    pub fn cut(mut self, is_cancelled: &(dyn Fn() -> bool + Sync)) -> Option<Vec<bool>> {
        for node in 0..self.terminal.len() {
            if self.terminal[node] != 0 {
                self.hang(node, TERMINAL, self.terminal[node] < 0, 1, 0);
            }
        }
        let mut rounds = 0usize;
        while let Some(&node) = self.active.front() {
            rounds += 1;
            if rounds & 0x3ff == 0 && is_cancelled() {
                return None;
            }
            let node = node as usize;
            let meeting = if self.parent[node] == FREE { None } else { self.grow(node) };
            self.time += 1;
            if let Some((from, way)) = meeting {
                self.augment(from, way);
                self.adopt();
            } else {
                self.active.pop_front();
                self.is_active[node] = false;
            }
        }
        Some((0..self.terminal.len()).map(|node| self.parent[node] != FREE && !self.is_sink[node]).collect())
    }

    fn hang(&mut self, node: usize, parent: u8, is_sink: bool, depth: u32, stamp: u32) {
        (self.parent[node], self.is_sink[node], self.depth[node], self.stamp[node]) = (parent, is_sink, depth, stamp);
        self.activate(node);
    }

    fn activate(&mut self, node: usize) {
        if !std::mem::replace(&mut self.is_active[node], true) {
            self.active.push_back(node as u32);
        }
    }

    fn beside(&self, node: usize, way: usize) -> Option<usize> {
        let to = self.neighbours[node][way];
        (to != u32::MAX).then_some(to as usize)
    }

    /// What is left for flow to `node`'s tree neighbour: away from the source, towards the sink.
    fn left_between(&self, node: usize, to: usize, way: usize) -> i32 {
        if self.is_sink[node] { self.left[to][way ^ 1] } else { self.left[node][way] }
    }

    /// Takes free neighbours into the tree; where the other tree is met, the link from the source's to the sink's.
    fn grow(&mut self, node: usize) -> Option<(usize, usize)> {
        for way in 0..6 {
            let Some(to) = self.beside(node, way) else { continue };
            if self.left_between(node, to, way) == 0 {
                continue;
            }
            if self.parent[to] == FREE {
                self.hang(to, way as u8 ^ 1, self.is_sink[node], self.depth[node] + 1, self.stamp[node]);
            } else if self.is_sink[to] != self.is_sink[node] {
                return Some(if self.is_sink[node] { (to, way ^ 1) } else { (node, way) });
            } else if self.stamp[to] <= self.stamp[node] && self.depth[to] > self.depth[node] + 1 {
                self.parent[to] = way as u8 ^ 1;
                (self.stamp[to], self.depth[to]) = (self.stamp[node], self.depth[node] + 1);
            }
        }
        None
    }

    /// The nodes from one up to its terminal, each with the way to the next.
    fn climb(&self, mut node: usize) -> (Vec<(usize, usize, usize)>, usize) {
        let mut path = Vec::new();
        while self.parent[node] < TERMINAL {
            let way = usize::from(self.parent[node]);
            let next = self.neighbours[node][way] as usize;
            path.push((node, way, next));
            node = next;
        }
        (path, node)
    }

    fn augment(&mut self, from: usize, way: usize) {
        let to = self.neighbours[from][way] as usize;
        let ((up, source), (down, sink)) = (self.climb(from), self.climb(to));
        let mut flow = self.left[from][way].min(self.terminal[source]).min(-self.terminal[sink]);
        flow = up.iter().fold(flow, |flow, &(_, way, next)| flow.min(self.left[next][way ^ 1]));
        flow = down.iter().fold(flow, |flow, &(node, way, _)| flow.min(self.left[node][way]));
        self.left[from][way] -= flow;
        self.left[to][way ^ 1] += flow;
        for (node, way, next) in up {
            self.left[node][way] += flow;
            self.left[next][way ^ 1] -= flow;
            if self.left[next][way ^ 1] == 0 {
                self.orphan(node);
            }
        }
        for (node, way, next) in down {
            self.left[node][way] -= flow;
            self.left[next][way ^ 1] += flow;
            if self.left[node][way] == 0 {
                self.orphan(node);
            }
        }
        self.terminal[source] -= flow;
        self.terminal[sink] += flow;
        for end in [source, sink] {
            if self.terminal[end] == 0 {
                self.orphan(end);
            }
        }
    }

    fn orphan(&mut self, node: usize) {
        self.parent[node] = ORPHAN;
        self.orphans.push_front(node as u32);
    }

    /// Finds each orphan a new parent in its tree, or lets it go.
    fn adopt(&mut self) {
        while let Some(node) = self.orphans.pop_front() {
            let node = node as usize;
            let mut best: Option<(u32, usize)> = None;
            for way in 0..6 {
                let Some(to) = self.beside(node, way) else { continue };
                if self.parent[to] == FREE || self.is_sink[to] != self.is_sink[node] || self.left_between(to, node, way ^ 1) == 0 {
                    continue;
                }
                if let Some(depth) = self.depth_if_rooted(to)
                    && best.is_none_or(|(least, _)| depth < least)
                {
                    best = Some((depth, way));
                }
            }
            if let Some((depth, way)) = best {
                (self.parent[node], self.depth[node], self.stamp[node]) = (way as u8, depth + 1, self.time);
            } else {
                self.release(node);
            }
        }
    }

    /// A node's depth if it still hangs from its terminal.
    fn depth_if_rooted(&mut self, from: usize) -> Option<u32> {
        let (mut node, mut steps) = (from, 0);
        let depth = loop {
            if self.stamp[node] == self.time {
                break steps + self.depth[node];
            }
            match self.parent[node] {
                TERMINAL => {
                    (self.stamp[node], self.depth[node]) = (self.time, 1);
                    break steps + 1;
                }
                ORPHAN | FREE => return None,
                way => node = self.neighbours[node][usize::from(way)] as usize,
            }
            steps += 1;
        };
        let (mut node, mut left) = (from, depth);
        while self.stamp[node] != self.time {
            (self.stamp[node], self.depth[node]) = (self.time, left);
            left -= 1;
            node = self.neighbours[node][usize::from(self.parent[node])] as usize;
        }
        Some(depth)
    }

    fn release(&mut self, node: usize) {
        for way in 0..6 {
            let Some(to) = self.beside(node, way) else { continue };
            if self.parent[to] == FREE || self.is_sink[to] != self.is_sink[node] {
                continue;
            }
            if self.left_between(to, node, way ^ 1) > 0 {
                self.activate(to);
            }
            if self.parent[to] == way as u8 ^ 1 {
                self.parent[to] = ORPHAN;
                self.orphans.push_back(to as u32);
            }
        }
        self.parent[node] = FREE;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nodes on a 4 × 3 lattice, with random capacities.
    fn lattice(seed: u64) -> Vec<Links> {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut next = |below: u64| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            ((state >> 33) % below) as i32
        };
        let mut links: Vec<Links> = (0..12).map(|_| (next(21) - 10, [(u32::MAX, 0); 6])).collect();
        for node in 0..12usize {
            for (axis, stride, is_last) in [(0, 1, node % 4 == 3), (1, 4, node / 4 == 2)] {
                if !is_last {
                    links[node].1[2 * axis] = ((node + stride) as u32, next(9));
                    links[node + stride].1[2 * axis + 1] = (node as u32, next(9));
                }
            }
        }
        links
    }

    fn cost(links: &[Links], inside: impl Fn(usize) -> bool) -> i64 {
        let mut cost = 0;
        for (node, (terminal, beside)) in links.iter().enumerate() {
            cost += i64::from(if inside(node) { (-terminal).max(0) } else { (*terminal).max(0) });
            let cut = beside.iter().filter(|(to, _)| *to != u32::MAX && inside(node) && !inside(*to as usize));
            cost += cut.map(|(_, capacity)| i64::from(*capacity)).sum::<i64>();
        }
        cost
    }

    #[test]
    fn the_cut_is_the_smallest_of_the_cheapest_of_all() {
        for seed in 1..200 {
            let links = lattice(seed);
            let found = Network::new(&links).cut(&|| false).expect("not cancelled");
            let all = (0..1u32 << 12).map(|set| (cost(&links, |node| set >> node & 1 == 1), set.count_ones(), set));
            let wanted = all.min().expect("some");
            let found_set = found.iter().enumerate().fold(0, |set, (node, &is_inside)| set | u32::from(is_inside) << node);
            assert_eq!((cost(&links, |node| found[node]), found_set), (wanted.0, wanted.2), "{seed}");
        }
    }
}
