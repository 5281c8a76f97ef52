//! Finding the network among the names of a file.

use std::collections::BTreeMap;

/// What stands before `layer1.0.…` in most names: `module.`, `state_dict.module.`, `encoder.`, …, or nothing.
///
/// Wrappers and training scripts put all sorts of words before a network's names, but the names themselves are known: so the
/// prefix is what they share, not a word from a list.
pub(super) fn network_prefix<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let mut votes: BTreeMap<&str, usize> = BTreeMap::new();
    for name in names {
        if let Some(prefix) = prefix_of(name) {
            *votes.entry(prefix).or_default() += 1;
        }
    }
    let best = votes.into_iter().max_by_key(|(prefix, count)| (*count, std::cmp::Reverse(prefix.len())));
    best.map(|(prefix, _)| prefix.to_owned()).unwrap_or_default()
}

fn prefix_of(name: &str) -> Option<&str> {
    let mut start = 0;
    while let Some(rest) = name.get(start..) {
        if rest == "conv1.weight" || is_stage(rest) {
            return name.get(..start);
        }
        start += rest.find('.')? + 1;
    }
    None
}

/// `layer1.0.…` to `layer4.…`.
fn is_stage(name: &str) -> bool {
    stage_and_block(name).is_some()
}

/// The stage (0 to 3) and the block that a name without prefix belongs to.
pub(super) fn stage_and_block(name: &str) -> Option<(usize, usize)> {
    let (stage, rest) = name.strip_prefix("layer")?.split_once('.')?;
    let (block, _) = rest.split_once('.')?;
    let stage: usize = stage.parse().ok().filter(|stage| (1..=4).contains(stage))?;
    Some((stage - 1, block.parse().ok()?))
}

/// Whether a name without prefix belongs to the encoder.
pub(super) fn is_encoder(name: &str) -> bool {
    name.starts_with("conv1.") || name.starts_with("bn1.") || is_stage(name)
}

/// Counters of old batches: PyTorch keeps them for a momentum that nothing here uses.
pub(super) fn is_counter(name: &str) -> bool {
    name.ends_with("num_batches_tracked")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prefix_is_what_stands_before_the_known_names() {
        for prefix in ["", "module.", "encoder.", "backbone.", "model.", "state_dict.module.", "net.model.backbone."] {
            let names = ["conv1.weight", "layer1.0.bn1.bias", "layer2.0.conv2.weight"].map(|name| format!("{prefix}{name}"));
            let others = ["optimizer.state.0.momentum_buffer".to_owned(), "decoder.layers.weight".to_owned()];
            let all = names.iter().chain(&others).map(String::as_str);
            assert_eq!(network_prefix(all), prefix);
        }
        assert_eq!(network_prefix(["fc.weight"]), "");
    }

    #[test]
    fn of_two_networks_the_whole_one_counts() {
        let names = ["ema.layer1.0.conv1.weight", "model.conv1.weight", "model.layer1.0.conv1.weight"];
        assert_eq!(network_prefix(names), "model.");
    }
}
