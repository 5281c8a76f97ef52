use super::Detection;

/// Keeps the best detection of each object: goes through them from the surest down, and drops those that overlap one of their own
/// class that was kept by more than `iou`. The surest come first.
///
/// Equally sure ones stay in the order in which they came, so that the result does not depend on how they were sorted.
#[must_use]
pub fn non_maximum_suppression(mut detections: Vec<Detection>, iou: f64) -> Vec<Detection> {
    detections.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut kept: Vec<Detection> = Vec::new();
    for detection in detections {
        let is_known = kept.iter().any(|better| better.class == detection.class && better.bounds.iou(&detection.bounds) > iou);
        if !is_known {
            kept.push(detection);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::super::Box3;
    use super::super::boxes::tests::random_boxes;
    use super::*;

    fn detections(seed: u64) -> Vec<Detection> {
        let boxes = random_boxes(seed, 80).into_iter().enumerate();
        boxes.map(|(at, bounds)| Detection { bounds, class: at % 2, score: (at * 37 % 80) as f64 / 80.0 }).collect()
    }

    #[test]
    fn the_surest_of_an_overlapping_pair_stays_unless_they_are_of_different_classes() {
        let bounds = Box3 { low: [0.0; 3], high: [4.0; 3] };
        let weaker = Detection { bounds: bounds.moved([1.0, 0.0, 0.0]), class: 0, score: 0.4 };
        let surer = Detection { bounds, class: 0, score: 0.9 };
        let other = Detection { class: 1, ..weaker };
        // Their IoU is 48 / 80.
        assert_eq!(non_maximum_suppression(vec![weaker, surer, other], 0.5), [surer, other]);
        assert_eq!(non_maximum_suppression(vec![weaker, surer], 0.7), [surer, weaker]);
    }

    #[test]
    fn a_second_pass_changes_nothing_and_no_two_of_a_class_overlap_more_than_allowed() {
        for seed in 0..10 {
            let once = non_maximum_suppression(detections(seed), 0.1);
            assert!(once.len() < 80, "nothing overlapped");
            assert_eq!(non_maximum_suppression(once.clone(), 0.1), once);
            for (at, a) in once.iter().enumerate() {
                assert!(once[..at].iter().all(|b| a.class != b.class || a.bounds.iou(&b.bounds) <= 0.1));
            }
        }
    }

    #[test]
    fn the_surest_is_always_kept_whatever_the_order() {
        let all = detections(3);
        let mut reversed = all.clone();
        reversed.reverse();
        let scores = |kept: Vec<Detection>| kept.into_iter().map(|d| d.score).collect::<Vec<_>>();
        let kept = scores(non_maximum_suppression(all, 0.1));
        assert_eq!(kept[0], 79.0 / 80.0);
        assert_eq!(scores(non_maximum_suppression(reversed, 0.1)), kept);
    }
}
