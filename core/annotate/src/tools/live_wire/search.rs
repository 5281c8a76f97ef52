//! Cheapest ways from one point of a slice to all others, found no farther than asked for.
//!
//! Dijkstra (1959) with the queue of Dial (1969): links cost small whole numbers, so that a ring of buckets takes the place of a heap.

/// Steps to the eight neighbours, each opposite to that four places on.
pub(super) const STEPS: [[isize; 2]; 8] = [[1, 0], [1, 1], [0, 1], [-1, 1], [-1, 0], [-1, -1], [0, -1], [1, -1]];

const FAR: u32 = u32::MAX;

#[derive(Debug, Clone)]
pub(super) struct Search {
    size: [usize; 2],
    start: usize,
    cost: Vec<u32>,
    /// The step by which a point is reached.
    by: Vec<u8>,
    is_settled: Vec<bool>,
    buckets: Vec<Vec<u32>>,
    /// What the points cost that are settled next.
    now: u32,
    waiting: usize,
}

impl Search {
    /// Ways from `start` (an offset, first axis fastest) over links that cost 1 to `dearest`.
    pub fn new(size: [usize; 2], start: usize, dearest: u32) -> Self {
        let len = size[0] * size[1];
        let mut cost = vec![FAR; len];
        cost[start] = 0;
        let mut buckets = vec![Vec::new(); dearest as usize + 1];
        buckets[0].push(start as u32);
        Self { size, start, cost, by: vec![0; len], is_settled: vec![false; len], buckets, now: 0, waiting: 1 }
    }

    /// Searches on until `target` is settled. `link(from, step, to)` is what a step costs.
    fn settle(&mut self, target: usize, link: impl Fn(usize, usize, usize) -> u32) {
        let ring = self.buckets.len();
        while !self.is_settled[target] && self.waiting > 0 {
            let Some(from) = self.buckets[self.now as usize % ring].pop() else {
                self.now += 1;
                continue;
            };
            self.waiting -= 1;
            let from = from as usize;
            if std::mem::replace(&mut self.is_settled[from], true) {
                continue;
            }
            let at = [from % self.size[0], from / self.size[0]];
            for (step, [x, y]) in STEPS.into_iter().enumerate() {
                let u = at[0].checked_add_signed(x).filter(|u| *u < self.size[0]);
                let v = at[1].checked_add_signed(y).filter(|v| *v < self.size[1]);
                let Some((u, v)) = u.zip(v) else { continue };
                let to = v * self.size[0] + u;
                if self.is_settled[to] {
                    continue;
                }
                let cost = self.now + link(from, step, to).clamp(1, ring as u32 - 1);
                if cost < self.cost[to] {
                    self.cost[to] = cost;
                    self.by[to] = step as u8;
                    self.buckets[cost as usize % ring].push(to as u32);
                    self.waiting += 1;
                }
            }
        }
    }

    /// The cheapest way to `target`, both ends included, as points `[u, v]`.
    pub fn way_to(&mut self, target: usize, link: impl Fn(usize, usize, usize) -> u32) -> Vec<[usize; 2]> {
        self.settle(target, link);
        let mut at = [target % self.size[0], target / self.size[0]];
        let mut way = vec![at];
        while at[1] * self.size[0] + at[0] != self.start {
            let [x, y] = STEPS[usize::from(self.by[at[1] * self.size[0] + at[0]])];
            at = [at[0].wrapping_add_signed(-x), at[1].wrapping_add_signed(-y)];
            way.push(at);
        }
        way.reverse();
        way
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_are_as_cheap_as_repeated_relaxing_finds_them_in_whatever_order_they_are_asked_for() {
        let size = [9, 7];
        let link = |from: usize, step: usize, to: usize| ((from * 31 + to * 17 + step * 5) % 23 + 1) as u32;
        let mut cheapest = vec![u32::MAX; 63];
        cheapest[40] = 0;
        for _ in 0..63 {
            for from in 0..63usize {
                for (step, [x, y]) in STEPS.into_iter().enumerate() {
                    let (u, v) = ((from % 9).checked_add_signed(x), (from / 9).checked_add_signed(y));
                    if let (Some(u @ 0..9), Some(v @ 0..7)) = (u, v)
                        && cheapest[from] != u32::MAX
                    {
                        let to = v * 9 + u;
                        cheapest[to] = cheapest[to].min(cheapest[from] + link(from, step, to));
                    }
                }
            }
        }
        let mut search = Search::new(size, 40, 23);
        for n in 0..63 {
            let target = n * 26 % 63;
            let way = search.way_to(target, link);
            assert_eq!((way[0], way[way.len() - 1]), ([4, 4], [target % 9, target / 9]));
            let cost: u32 = way
                .windows(2)
                .map(|pair| {
                    let step = [0, 1].map(|axis| pair[1][axis] as isize - pair[0][axis] as isize);
                    let step = STEPS.iter().position(|s| *s == step).expect("a step to a neighbour");
                    link(pair[0][1] * 9 + pair[0][0], step, pair[1][1] * 9 + pair[1][0])
                })
                .sum();
            assert_eq!(cost, cheapest[target]);
        }
    }
}
