use serde_json::json;

use crate::support::{answer, medley};

fn starter(folder: &std::path::Path) -> std::path::PathBuf {
    let path = folder.join("starter.safetensors");
    std::fs::write(&path, include_bytes!("../../../assets/starter/resnet10_w16_starter.safetensors")).expect("written");
    path
}

#[test]
fn inspect_reads_the_network_off_its_keys() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = starter(folder.path());
    let found = answer(["weights".as_ref(), "inspect".as_ref(), path.as_os_str()]);
    assert_eq!((found["shortcut"].as_str(), found["base_width"].as_u64()), (Some("B"), Some(16)));
    assert_eq!(found["depth"].as_u64().map(|d| d.to_string()).or(found["depth"].as_str().map(str::to_owned)).as_deref(), Some("10"));
    assert_eq!((&found["missing"], &found["misshaped"]), (&json!([]), &json!([])));
    assert_eq!(found["sha256"].as_str().map(str::len), Some(64));
    let info = answer(["info".as_ref(), path.as_os_str()]);
    assert_eq!(info["kind"], "checkpoint");
    assert_eq!(info["sha256"], found["sha256"]);
    let text = medley(["weights".as_ref(), "inspect".as_ref(), path.as_os_str()]);
    assert!(text.out.contains("ResNet-10") && text.out.contains("missing: none"), "{text:?}");
}
