//! How good boxes are, over several images, as COCO and the PASCAL VOC challenge since 2010 measure it.

use super::{Detection, Object};

/// One image: what was found in it, and what is there.
type Image<'a> = (&'a [Detection], &'a [Object]);

/// Scores of all detections of a class, surest first, and whether each found an object that no surer one had found.
struct Judged {
    /// Score, is it right.
    found: Vec<(f64, bool)>,
    /// Objects of the class.
    objects: usize,
}

/// Goes through the detections of each image from the surest down; each takes the object it overlaps most among those that are
/// still free, if by at least `iou`.
fn judge(images: &[Image<'_>], class: usize, iou: f64) -> Judged {
    let mut judged = Judged { found: Vec::new(), objects: 0 };
    for (detections, objects) in images {
        let objects: Vec<&Object> = objects.iter().filter(|object| object.class == class).collect();
        judged.objects += objects.len();
        let mut is_free = vec![true; objects.len()];
        let mut detections: Vec<&Detection> = detections.iter().filter(|detection| detection.class == class).collect();
        detections.sort_by(|a, b| b.score.total_cmp(&a.score));
        for detection in detections {
            let overlaps = objects.iter().enumerate().filter(|(at, _)| is_free[*at]).map(|(at, o)| (at, o.bounds.iou(&detection.bounds)));
            let best = overlaps.filter(|(_, overlap)| *overlap >= iou).max_by(|a, b| a.1.total_cmp(&b.1));
            if let Some((at, _)) = best {
                is_free[at] = false;
            }
            judged.found.push((detection.score, best.is_some()));
        }
    }
    judged.found.sort_by(|a, b| b.0.total_cmp(&a.0));
    judged
}

/// Area under the curve of precision over recall of one class, with precision made to fall only (all-point interpolation).
/// `None` where no image has an object of it.
#[must_use]
pub fn average_precision(images: &[Image<'_>], class: usize, iou: f64) -> Option<f64> {
    let Judged { found, objects } = judge(images, class, iou);
    if objects == 0 {
        return None;
    }
    // A point for each score, not for each detection: equally sure ones have no order.
    let (mut right, mut points) = (0usize, Vec::new());
    for (at, (score, is_right)) in found.iter().enumerate() {
        right += usize::from(*is_right);
        if found.get(at + 1).is_none_or(|next| next.0 < *score) {
            points.push((right as f64 / objects as f64, right as f64 / (at + 1) as f64));
        }
    }
    let (mut area, mut best) = (0.0, 0.0f64);
    for at in (0..points.len()).rev() {
        let (recall, precision) = points[at];
        best = best.max(precision);
        let before = if at == 0 { 0.0 } else { points[at - 1].0 };
        area += (recall - before) * best;
    }
    Some(area)
}

/// The mean of [`average_precision`] over the classes that some image has; `None` where there is no object at all.
#[must_use]
pub fn mean_average_precision(images: &[Image<'_>], classes: usize, iou: f64) -> Option<f64> {
    let found: Vec<f64> = (0..classes).filter_map(|class| average_precision(images, class, iou)).collect();
    (!found.is_empty()).then(|| found.iter().sum::<f64>() / found.len() as f64)
}

/// Share of all objects that are found when there are on average at most `false_per_image` wrong boxes an image: a point of the
/// free-response curve (FROC). `None` where there is no object at all.
#[must_use]
pub fn sensitivity_at(images: &[Image<'_>], classes: usize, iou: f64, false_per_image: f64) -> Option<f64> {
    let (mut found, mut objects) = (Vec::new(), 0);
    for class in 0..classes {
        let judged = judge(images, class, iou);
        found.extend(judged.found);
        objects += judged.objects;
    }
    if objects == 0 {
        return None;
    }
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    let most = false_per_image * images.len() as f64;
    let (mut right, mut wrong, mut best) = (0usize, 0usize, 0usize);
    for (at, (score, is_right)) in found.iter().enumerate() {
        right += usize::from(*is_right);
        wrong += usize::from(!is_right);
        if found.get(at + 1).is_none_or(|next| next.0 < *score) && wrong as f64 <= most {
            best = right;
        }
    }
    Some(best as f64 / objects as f64)
}

#[cfg(test)]
mod tests {
    use super::super::Box3;
    use super::super::boxes::tests::random_boxes;
    use super::*;

    fn place(at: f64) -> Box3 {
        Box3 { low: [at, 0.0, 0.0], high: [at + 4.0, 4.0, 4.0] }
    }

    fn object(at: f64) -> Object {
        Object { bounds: place(at), class: 0 }
    }

    fn detection(at: f64, score: f64) -> Detection {
        Detection { bounds: place(at), class: 0, score }
    }

    /// Three objects in two images. From the surest down: right, wrong, right, a second box on an object already found.
    #[test]
    fn precision_and_recall_by_hand() {
        let first = ([detection(0.0, 0.9), detection(50.0, 0.8), detection(0.5, 0.6)], [object(0.0)]);
        let second = ([detection(20.5, 0.7)], [object(20.0), object(40.0)]);
        let images: [Image<'_>; 2] = [(&first.0, &first.1), (&second.0, &second.1)];
        // Points (recall, precision): (1/3, 1), (1/3, 1/2), (2/3, 2/3), (2/3, 2/4); so 1/3 · 1 + 1/3 · 2/3.
        let wanted = 1.0 / 3.0 + 2.0 / 9.0;
        assert!((average_precision(&images, 0, 0.5).expect("objects") - wanted).abs() < 1e-12);
        // 20.5 overlaps 20 by 3.5 / 4.5 = 0.78 only.
        assert!((average_precision(&images, 0, 0.8).expect("objects") - 1.0 / 3.0).abs() < 1e-12);
        assert_eq!(average_precision(&images, 1, 0.5), None);
        assert_eq!(mean_average_precision(&images, 2, 0.5), average_precision(&images, 0, 0.5));
        assert_eq!(sensitivity_at(&images, 2, 0.5, 0.0), Some(1.0 / 3.0));
        assert_eq!(sensitivity_at(&images, 2, 0.5, 0.5), Some(2.0 / 3.0));
    }

    #[test]
    fn the_truth_found_is_one_nothing_found_is_zero_and_a_looser_measure_is_never_worse() {
        let objects: Vec<Object> = random_boxes(5, 20).into_iter().map(|bounds| Object { bounds, class: 0 }).collect();
        let exact: Vec<Detection> =
            objects.iter().enumerate().map(|(at, o)| Detection { bounds: o.bounds, class: 0, score: at as f64 / 20.0 }).collect();
        assert!((average_precision(&[(&exact, &objects)], 0, 0.99).expect("objects") - 1.0).abs() < 1e-12);
        assert_eq!(average_precision(&[(&[], &objects)], 0, 0.1), Some(0.0));
        let off: Vec<Detection> = exact.iter().map(|d| Detection { bounds: d.bounds.moved([1.0, 0.5, 0.0]), ..*d }).collect();
        let at = |iou| average_precision(&[(&off, &objects)], 0, iou).expect("objects");
        assert!(at(0.1) >= at(0.3) && at(0.3) >= at(0.5) && at(0.1) > at(0.5));
    }

    #[test]
    fn equally_sure_boxes_have_no_order() {
        let objects = [object(0.0)];
        let (right, wrong) = (detection(0.0, 0.5), detection(90.0, 0.5));
        assert_eq!(average_precision(&[(&[right, wrong], &objects)], 0, 0.5), Some(0.5));
        assert_eq!(average_precision(&[(&[wrong, right], &objects)], 0, 0.5), Some(0.5));
    }
}
