use egui::{Rect, pos2, vec2};

use super::*;

/// A small generator of numbers that always are the same.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: u32) -> f32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as u32 % end) as f32
    }
}

/// Every piece inside the room, none over another, and together as large as the room.
fn assert_tiles(layout: &Layout, room: Rect) {
    let made = layout.arrange(room);
    let pieces: Vec<Rect> = made.cells.iter().map(|cell| cell.rect).chain(made.dividers.iter().map(|line| line.rect)).collect();
    let area = |rect: &Rect| f64::from(rect.width()) * f64::from(rect.height());
    for (n, piece) in pieces.iter().enumerate() {
        assert!(piece.width() >= 0.0 && piece.height() >= 0.0 && room.contains_rect(*piece), "{layout:?} {room:?}: {piece:?}");
        for other in &pieces[n + 1..] {
            let common = piece.intersect(*other);
            assert!(common.width() <= 0.0 || common.height() <= 0.0, "{layout:?} {room:?}: {piece:?} over {other:?}");
        }
    }
    let sum: f64 = pieces.iter().map(area).sum();
    assert!((sum - area(&room)).abs() < 1e-3 * area(&room).max(1.0), "{layout:?} {room:?}: {sum} of {}", area(&room));
}

#[test]
fn views_and_lines_fill_the_room_without_gaps_or_overlap() {
    let mut numbers = Numbers(7);
    for round in 0..4000 {
        let room = Rect::from_min_size(
            pos2(numbers.below(900), numbers.below(300)),
            vec2(40.0 + numbers.below(3800) / if round % 3 == 0 { 1.5 } else { 1.0 }, 40.0 + numbers.below(2100)),
        );
        let mut layout = Layout::of(LayoutKind::ALL[round % 6]);
        layout.main = ViewKind::ALL[round % 4];
        for _ in 0..round % 5 {
            let to = pos2(numbers.below(4500) - 200.0, numbers.below(2500) - 200.0);
            layout.drag(room, numbers.below(4) as usize, to);
        }
        assert_tiles(&layout, room);
    }
}

#[test]
fn each_layout_shows_each_of_its_views_once() {
    for kind in LayoutKind::ALL {
        for main in ViewKind::ALL {
            let layout = Layout { main, ..Layout::of(kind) };
            let made = layout.arrange(Rect::from_min_size(pos2(0.0, 0.0), vec2(1000.0, 700.0)));
            let mut seen: Vec<ViewKind> = made.cells.iter().map(|cell| cell.view).collect();
            assert_eq!(seen, layout.views());
            seen.sort_by_key(|view| view.label());
            seen.dedup();
            assert_eq!(seen.len(), made.cells.len());
            if kind.has_main() && made.cells.len() > 1 {
                let largest = made.cells.iter().max_by(|a, b| a.rect.area().total_cmp(&b.rect.area())).expect("cells");
                assert_eq!(largest.view, main);
            }
        }
    }
}

#[test]
fn a_dragged_line_goes_where_the_pointer_is_and_stays_for_its_kind() {
    let room = Rect::from_min_size(pos2(300.0, 50.0), vec2(1000.0, 700.0));
    for kind in LayoutKind::ALL {
        let mut layout = Layout::of(kind);
        for line in layout.arrange(room).dividers {
            let to = line.rect.center() + if line.is_upright { vec2(40.0, 0.0) } else { vec2(0.0, 40.0) };
            layout.drag(room, line.line, to);
            let moved = layout.arrange(room).dividers.into_iter().find(|moved| moved.line == line.line).expect("the line");
            let apart = if line.is_upright { moved.rect.center().x - to.x } else { moved.rect.center().y - to.y };
            assert!(apart.abs() <= 1.0, "{kind:?}, line {}: {apart} points beside the pointer", line.line);
        }
        let left = layout;
        layout.kind = LayoutKind::Single;
        layout.kind = kind;
        assert_eq!(layout, left);
        layout.reset_lines();
        assert_eq!(layout, Layout::of(kind));
    }
}

#[test]
fn a_small_window_leaves_every_view_its_share_and_a_high_one_stacks_what_stands_side_by_side() {
    // What is left of 900×560 between the panels.
    let room = Rect::from_min_size(pos2(0.0, 0.0), vec2(304.0, 440.0));
    for kind in LayoutKind::ALL {
        let mut layout = Layout::of(kind);
        (0..3).for_each(|line| layout.drag(room, line, pos2(-50.0, -50.0)));
        for cell in layout.arrange(room).cells {
            assert!(cell.rect.width() >= 71.0 && cell.rect.height() >= 71.0, "{kind:?}: {cell:?}");
        }
    }
    let row = Layout::of(LayoutKind::Row).arrange(room);
    assert!(row.cells.iter().all(|cell| cell.rect.width() == room.width()));
}

#[test]
fn settings_keep_a_layout_and_nonsense_in_them_is_harmless() {
    let room = Rect::from_min_size(pos2(0.0, 0.0), vec2(1600.0, 900.0));
    let mut layout = Layout::of(LayoutKind::LargeLast);
    layout.main = ViewKind::Coronal;
    layout.drag(room, 0, pos2(500.0, 0.0));
    let kept = serde_json::to_string(&layout).expect("written");
    assert_eq!(serde_json::from_str::<Layout>(&kept).expect("read"), layout);
    let odd: Layout = serde_json::from_str(r#"{"kind": "row", "cuts": {"row": [7.5, -1e30]}}"#).expect("read");
    assert_eq!(odd.main, ViewKind::Axial);
    assert_tiles(&odd, room);
}
