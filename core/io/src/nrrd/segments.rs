//! The segments of a 3D Slicer segmentation: `SegmentN_…` pairs in the header (Slicer's vtkMRMLSegmentationStorageNode).

use std::collections::HashMap;
use std::fmt::Write as _;

use medley_volume::{Label, LabelMap, LabelTable, Voxels, with_voxels};

/// No segmentation has more segments than this.
const MOST: usize = 65_535;

/// One segment: which number in which layer, and what it is called.
pub(super) struct Segment {
    layer: usize,
    value: u64,
    name: String,
    color: Option<[u8; 3]>,
}

/// The segments that a header names, in order; `None` if it is no segmentation. Before Slicer 5 each had a layer of its own, in which
/// it was 1.
pub(super) fn of(pairs: &HashMap<String, String>, layers: usize) -> Option<Vec<Segment>> {
    let mut found = Vec::new();
    for n in 0..MOST {
        let get = |key: &str| pairs.get(&format!("Segment{n}_{key}")).map(|value| value.trim());
        let (Some(name), false) = (get("Name").or_else(|| get("ID")), get("ID").is_none() && get("LabelValue").is_none()) else { break };
        let layer = get("Layer").and_then(|layer| layer.parse().ok()).unwrap_or(if layers > 1 { n } else { 0 });
        let value = get("LabelValue").and_then(|value| value.parse().ok()).unwrap_or(1);
        let parts: Option<Vec<f64>> = get("Color").and_then(crate::text::numbers);
        let color = parts.and_then(|parts| <[f64; 3]>::try_from(parts).ok());
        let color = color.map(|color| color.map(|part| (part.clamp(0.0, 1.0) * 255.0).round() as u8));
        found.push(Segment { layer, value, name: name.to_owned(), color });
    }
    (!found.is_empty()).then_some(found)
}

fn label(segment: &Segment, value: u16) -> Label {
    let color = segment.color.unwrap_or_else(|| LabelTable::palette(value));
    Label { value, name: segment.name.clone(), color, is_visible: true, is_locked: false }
}

/// The table of segments in one layer.
pub(super) fn table(segments: &[Segment]) -> LabelTable {
    let mut table = LabelTable::default();
    for segment in segments {
        if let Ok(value) = u16::try_from(segment.value) {
            table.insert(label(segment, value));
        }
    }
    table
}

/// One label for each of `count` voxels from several layers: the number of voxel `v` in layer `l` stands at `v · step + l · layer_step`.
/// Values are kept if no two segments share one, else segments are numbered from 1 in their order.
///
/// # Errors
/// The first voxel that is in two segments, or `None` if there are too many segments. Nothing is chosen silently.
#[expect(clippy::unnecessary_cast, reason = "one macro arm already holds u64")]
pub(super) fn merged(
    voxels: &Voxels,
    count: usize,
    layers: usize,
    step: usize,
    layer_step: usize,
    segments: &[Segment],
) -> Result<(Voxels, LabelTable), Option<usize>> {
    let mut values: Vec<u64> = segments.iter().map(|segment| segment.value).collect();
    values.sort_unstable();
    let is_distinct = values.windows(2).all(|pair| pair[0] != pair[1]) && values.last().is_some_and(|&last| last <= MOST as u64);
    let mut table = LabelTable::default();
    let mut known: HashMap<(usize, u64), u16> = HashMap::new();
    for (n, segment) in segments.iter().enumerate().filter(|(_, segment)| segment.value != 0) {
        let value = if is_distinct { segment.value } else { n as u64 + 1 };
        let value = u16::try_from(value).map_err(|_| None)?;
        known.insert((segment.layer, segment.value), value);
        table.insert(label(segment, value));
    }
    let mut labels = vec![0u16; count];
    with_voxels!(voxels, stored => for layer in 0..layers {
        let mut last = (0u64, 0u16);
        for (at, out) in labels.iter_mut().enumerate() {
            let number = stored.get(at * step + layer * layer_step).map_or(0, |&number| number as u64);
            if number == 0 {
                continue;
            }
            if last.0 != number {
                let label = known.get(&(layer, number)).copied();
                last = (number, label.unwrap_or(0));
            }
            if last.1 != 0 && *out != 0 {
                return Err(Some(at));
            }
            if last.1 != 0 {
                *out = last.1;
            }
        }
    });
    Ok((Voxels::U16(labels), table))
}

/// The header's pairs for a mask in one layer: a segment for each label of the table that the mask has, and for each that the table
/// does not know.
pub(super) fn pairs(labels: &LabelMap, table: &LabelTable) -> String {
    let extents = extents(labels);
    let mut all = table.clone();
    all.add_unknown(extents.keys().copied());
    let mut text = String::new();
    for (n, label) in all.labels().iter().enumerate() {
        // Slicer's extent of nothing.
        let [low, high] = extents.get(&label.value).map_or([[0; 3], [-1; 3]], |extent| *extent);
        let [r, g, b] = label.color.map(|part| f64::from(part) / 255.0);
        let name = label.name.replace('\\', "\\\\").replace('\n', "\\n");
        let _ = write!(
            text,
            "Segment{n}_Color:={r:.6} {g:.6} {b:.6}\nSegment{n}_ColorAutoGenerated:=0\n\
             Segment{n}_Extent:={} {} {} {} {} {}\nSegment{n}_ID:=Segment_{}\nSegment{n}_LabelValue:={}\nSegment{n}_Layer:=0\n\
             Segment{n}_Name:={name}\nSegment{n}_NameAutoGenerated:=0\nSegment{n}_Tags:=\n",
            low[0], high[0], low[1], high[1], low[2], high[2], label.value, label.value,
        );
    }
    let _ = write!(
        text,
        "Segmentation_ContainedRepresentationNames:=Binary labelmap|\nSegmentation_MasterRepresentation:=Binary labelmap\n\
         Segmentation_ReferenceImageExtentOffset:=0 0 0\n"
    );
    text
}

/// The box of voxel indices of each label, both ends inside.
fn extents(labels: &LabelMap) -> std::collections::BTreeMap<u16, [[i64; 3]; 2]> {
    let mut found = std::collections::BTreeMap::new();
    let [i, j, _] = labels.grid().shape();
    let mut at = 0;
    while at < labels.len() {
        let label = labels.at(at);
        // Runs along a row are taken at once.
        let row_end = (at / i + 1) * i;
        let end = (at + 1..row_end).find(|&next| labels.at(next) != label).unwrap_or(row_end);
        if label != 0 {
            let low = [(at % i) as i64, (at / i % j) as i64, (at / (i * j)) as i64];
            let high = [((end - 1) % i) as i64, low[1], low[2]];
            let extent = found.entry(label).or_insert([low, high]);
            for axis in 0..3 {
                extent[0][axis] = extent[0][axis].min(low[axis]);
                extent[1][axis] = extent[1][axis].max(high[axis]);
            }
        }
        at = end;
    }
    found
}
