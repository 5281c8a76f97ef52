use medley_annotate::Refusal;
use medley_annotate::tools::{Crop, Keep, MaskBy, Operand, crop, mask_by};
use medley_volume::IndexBox;

use crate::common::{Scene, labels, voxel_of};

#[test]
fn labels_end_at_the_box() {
    for seed in 0..20 {
        let mut scene = Scene::random(seed);
        scene.rules.locked = vec![3];
        let region = IndexBox { low: [1, 2, 1], high: [4, 5, 99] };
        for (keep, chosen) in [(Keep::Inside, None), (Keep::Outside, None), (Keep::Inside, Some([1, 3])), (Keep::Outside, Some([1, 3]))] {
            let labels_cut = chosen.as_ref().map(<[u16; 2]>::as_slice);
            let wanted: Vec<u16> = (0..scene.mask.len())
                .map(|n| {
                    let label = scene.mask.at(n);
                    let goes = region.contains(voxel_of(n, scene.shape())) == (keep == Keep::Outside);
                    if goes && label != 3 && labels_cut.is_none_or(|cut| cut.contains(&label)) { 0 } else { label }
                })
                .collect();
            let found = crop(&scene.canvas(1), &Crop { region, keep, labels: labels_cut });
            assert_eq!(labels(&found.map_or(scene.mask.clone(), |edit| scene.after(&edit))), wanted);
        }
    }
}

#[test]
fn a_label_is_cut_by_that_of_another_mask() {
    let mut scene = Scene::empty([6, 1, 1]);
    [1, 1, 2, 2, 1, 0].iter().enumerate().for_each(|(i, &label)| scene.set([i, 0, 0], label));
    let mut other = scene.mask.clone();
    [0, 500, 500, 0, 0, 500].iter().enumerate().for_each(|(i, &label)| other.set(i, label));
    let by = Operand { mask: &other, labels: &[500] };
    let after =
        |keep, cut: Option<&[u16]>| labels(&scene.after(&mask_by(&scene.canvas(1), &MaskBy { by, keep, labels: cut }).expect("a change")));
    assert_eq!(after(Keep::Inside, None), [0, 1, 2, 0, 0, 0]);
    assert_eq!(after(Keep::Outside, None), [1, 0, 0, 2, 1, 0]);
    assert_eq!(after(Keep::Inside, Some(&[1])), [0, 1, 2, 2, 0, 0]);
    let nothing = mask_by(&scene.canvas(1), &MaskBy { by, keep: Keep::Inside, labels: Some(&[77]) });
    assert_eq!(nothing, Err(Refusal::NoChange));
}
