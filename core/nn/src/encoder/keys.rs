//! Names, shapes, order and counts of all fourteen networks against the reference's own list.

use burn::tensor::Device;
use serde::Deserialize;

use crate::head::HeadKind;
use crate::{Depth, EncoderConfig, NetworkConfig, ParameterInfo, SegmentationNetwork, Shortcut, parameters};

#[derive(Deserialize)]
struct Keys {
    models: std::collections::BTreeMap<String, Model>,
}

#[derive(Deserialize)]
struct Model {
    entries: Vec<(String, Vec<usize>, String)>,
    count: usize,
    trainable: usize,
    conv_seg: Vec<(String, Vec<usize>, String)>,
    trainable_conv_seg: usize,
}

/// What is stored beside the counters of batches, which nothing here needs.
fn without_counters(entries: &[(String, Vec<usize>, String)]) -> Vec<ParameterInfo> {
    let kept = entries.iter().filter(|(name, ..)| !name.ends_with("num_batches_tracked"));
    let info = |(name, shape, _): &(String, Vec<usize>, String)| ParameterInfo {
        name: name.trim_start_matches("module.").to_owned(),
        shape: shape.clone(),
    };
    kept.map(info).collect()
}

fn learnt(parameters: &[ParameterInfo]) -> usize {
    parameters.iter().filter(|p| p.is_learnt()).map(|p| p.shape.iter().product::<usize>()).sum()
}

#[test]
#[ignore = "needs MEDLEY_SHARED, the folder that holds parity/"]
fn all_fourteen_networks_have_the_references_keys_in_its_order() {
    let folder = std::env::var("MEDLEY_SHARED").expect("MEDLEY_SHARED names the folder with parity/");
    let text = std::fs::read_to_string(std::path::Path::new(&folder).join("parity/keys.json")).expect("the list of keys");
    let keys: Keys = serde_json::from_str(&text).expect("JSON");
    assert_eq!(keys.models.len(), 14);
    for depth in Depth::ALL {
        for shortcut in [Shortcut::A, Shortcut::B] {
            let model = &keys.models[&format!("{depth}{shortcut}")];
            let encoder = EncoderConfig::new(depth, shortcut, 64);
            // Blank: parameters are made when they are first needed, so this takes no memory for kernels.
            let network = SegmentationNetwork::blank(NetworkConfig { encoder, head: HeadKind::Med3d, classes: 2 }, &Device::flex());
            let ours = parameters(&network.encoder);
            assert_eq!(ours, without_counters(&model.entries), "{depth}{shortcut}");
            let counters = ours.iter().filter(|p| p.name.ends_with(".running_var")).count();
            assert_eq!(ours.len() + counters, model.count, "{depth}{shortcut}");
            assert_eq!(learnt(&ours), model.trainable, "{depth}{shortcut}");
            let head: Vec<_> = parameters(&network).into_iter().filter(|p| p.name.starts_with("conv_seg.")).collect();
            assert_eq!(head, without_counters(&model.conv_seg), "{depth}{shortcut}");
            assert_eq!(learnt(&head), model.trainable_conv_seg, "{depth}{shortcut}");
            println!("ResNet-{depth} {shortcut}: {} entries, {} learnt numbers, as the reference", model.count, model.trainable);
        }
    }
}
