//! Weights from a hub on this machine, as they may come: whole, cut, changed, wrong, or not at all.

use std::collections::VecDeque;
use std::path::Path;

use serde_json::Value;

use crate::hub::{Hub, Shop};
use crate::support::{Run, answer_in, medley_in};

const ADDRESS: &str = "/TencentMedicalNet/MedicalNet-Resnet10/resolve/main/resnet_10.pth";

/// A ResNet-10 with shortcut B as PyTorch saved it; narrow, which the hub's own are not.
fn checkpoint() -> Vec<u8> {
    include_bytes!("../../../core/nn/tests/data/r10b_w6.no_counters.legacy.pth").to_vec()
}

fn hub() -> Hub {
    Hub::open(Shop { files: [(ADDRESS.to_owned(), checkpoint())].into(), ..Shop::default() })
}

fn fetch(folder: &Path, hub: &Hub) -> Run {
    medley_in(folder, &[("MEDLEY_HUB", hub.address())], ["weights", "fetch", "resnet_10"])
}

fn fetched(folder: &Path, hub: &Hub, more: &[&str]) -> Value {
    answer_in(folder, &[("MEDLEY_HUB", hub.address())], ["weights", "fetch", "resnet_10"].iter().chain(more))
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder.join("weights")).into_iter().flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

const KEPT: [&str; 2] = ["resnet_10.pth", "resnet_10.pth.json"];

#[test]
fn what_is_fetched_is_kept_recorded_and_used_by_its_name() {
    let (folder, hub) = (tempfile::tempdir().expect("a folder"), hub());
    let folder = folder.path();
    let before = medley_in(folder, &[], ["weights", "inspect", "resnet_10"]);
    before.assert_refused("medley weights fetch resnet_10");
    assert_eq!(hub.asked_count(), 0, "nothing is fetched that nobody asked for");

    let found = fetched(folder, &hub, &[]);
    let path = folder.join("weights/resnet_10.pth");
    assert_eq!(found["path"].as_str(), path.to_str());
    assert_eq!((found["is_new"].as_bool(), found["depth"].as_u64(), found["shortcut"].as_str()), (Some(true), Some(10), Some("B")));
    assert_eq!(std::fs::read(&path).expect("the file"), checkpoint());
    assert_eq!(names(folder), KEPT, "nothing else is left");
    let record: Value = serde_json::from_slice(&std::fs::read(folder.join("weights/resnet_10.pth.json")).expect("a record")).expect("JSON");
    assert_eq!(record["sha256"], found["sha256"]);
    assert_eq!(record["bytes"].as_u64(), Some(checkpoint().len() as u64));
    assert_eq!(record["source"].as_str(), Some(format!("{}{ADDRESS}", hub.address()).as_str()));
    assert_eq!(record["date"].as_str().map(str::len), Some(10));

    // A second time it is here; the hub is not asked.
    assert_eq!(hub.asked().len(), 1);
    assert_eq!(fetched(folder, &hub, &[])["is_new"].as_bool(), Some(false));
    assert!(hub.asked().is_empty());
    let list = answer_in(folder, &[], ["weights", "list"]);
    let here: Vec<&str> =
        list["released"].as_array().expect("a list").iter().filter(|r| r["is_here"] == true).filter_map(|r| r["name"].as_str()).collect();
    assert_eq!((here, list["kept"][0]["sha256"].as_str()), (vec!["resnet_10"], found["sha256"].as_str()));
    assert_eq!(answer_in(folder, &[], ["weights", "inspect", "resnet_10"])["sha256"], found["sha256"]);
    let out = folder.join("out.pth");
    let exported = answer_in(folder, &[], ["weights", "export", "resnet_10", out.to_str().expect("UTF-8"), "--precision", "bf16"]);
    assert_eq!(exported["tensors"].as_u64(), Some(72));
    assert_eq!(answer_in(folder, &[], ["weights", "inspect", out.to_str().expect("UTF-8")])["matched"].as_u64(), Some(60));
    medley_in(folder, &[], ["weights", "export", "resnet_10", out.to_str().expect("UTF-8")]).assert_refused("out.pth");
}

#[test]
fn a_kept_file_that_changed_is_not_used_and_can_be_had_anew() {
    let (folder, hub) = (tempfile::tempdir().expect("a folder"), hub());
    let folder = folder.path();
    fetched(folder, &hub, &[]);
    let path = folder.join("weights/resnet_10.pth");
    let mut spoilt = checkpoint();
    *spoilt.last_mut().expect("bytes") ^= 1;
    std::fs::write(&path, &spoilt).expect("written");
    let (set, _) = crate::training::phantoms(folder);
    let small = ["-o", "model", "--weights", "resnet_10", "--steps", "1", "--batch", "1", "--patch", "16,16,16", "--device", "cpu"];
    let finetune = || medley_in(folder, &[], ["finetune", set.to_str().expect("UTF-8")].into_iter().chain(small));
    for arguments in [vec!["weights", "inspect", "resnet_10"], vec!["weights", "fetch", "resnet_10"]] {
        medley_in(folder, &[("MEDLEY_HUB", hub.address())], arguments).assert_refused("--again");
    }
    finetune().assert_refused("--again");
    assert_eq!(hub.asked().len(), 1, "only the first time");
    // What the hub has now is another file than what was recorded: it is refused as well.
    hub.change(|shop| shop.files = [(ADDRESS.to_owned(), spoilt.clone())].into());
    let run = medley_in(folder, &[("MEDLEY_HUB", hub.address())], ["weights", "fetch", "resnet_10", "--again"]);
    run.assert_refused("another file than before");
    assert_eq!(names(folder), KEPT);
    hub.change(|shop| shop.files = [(ADDRESS.to_owned(), checkpoint())].into());
    assert_eq!(fetched(folder, &hub, &["--again"])["is_new"].as_bool(), Some(true));
    assert_eq!(std::fs::read(&path).expect("the file"), checkpoint());
    assert_eq!(finetune().code, Some(0));
    let card: Value = serde_json::from_slice(&std::fs::read(folder.join("model/card.json")).expect("a card")).expect("JSON");
    assert_eq!(card["weights"]["matched"].as_u64(), Some(60));
}

#[test]
fn a_cut_transfer_goes_on_where_it_ended() {
    let (folder, hub) = (tempfile::tempdir().expect("a folder"), hub());
    hub.change(|shop| shop.cuts = VecDeque::from([100_000, 50_000]));
    fetched(folder.path(), &hub, &[]);
    let asked = hub.asked();
    let ranges: Vec<_> = asked.iter().map(|asked| asked.range.as_deref()).collect();
    assert_eq!(ranges, [None, Some("bytes=100000-"), Some("bytes=150000-")]);
    assert!(asked[1..].iter().all(|asked| asked.if_range.as_deref() == Some("\"first\"")));
    assert_eq!(std::fs::read(folder.path().join("weights/resnet_10.pth")).expect("the file"), checkpoint());
    assert_eq!(names(folder.path()), KEPT);
}

#[test]
fn two_programs_do_not_write_one_file() {
    let (folder, hub) = (tempfile::tempdir().expect("a folder"), hub());
    hub.change(|shop| shop.is_held = true);
    std::thread::scope(|scope| {
        let first = scope.spawn(|| fetch(folder.path(), &hub));
        let part = folder.path().join("weights/resnet_10.pth.part");
        while !std::fs::metadata(&part).is_ok_and(|about| about.len() > 0) {
            assert!(!first.is_finished(), "it waits for the hub");
            std::thread::yield_now();
        }
        fetch(folder.path(), &hub).assert_refused("resnet_10 is being fetched already");
        hub.change(|shop| shop.is_held = false);
        assert_eq!(first.join().expect("ended").code, Some(0));
    });
    assert_eq!((hub.asked_count(), names(folder.path())), (1, KEPT.map(str::to_owned).to_vec()));
}

#[test]
fn a_hub_that_sends_on_to_another_place_is_followed_with_the_range() {
    let (folder, hub) = (tempfile::tempdir().expect("a folder"), hub());
    hub.change(|shop| (shop.is_elsewhere, shop.cuts) = (true, VecDeque::from([100_000])));
    fetched(folder.path(), &hub, &[]);
    let asked: Vec<_> = hub.asked().into_iter().filter(|asked| asked.path.starts_with("/elsewhere")).collect();
    let heads: Vec<_> = asked.iter().map(|asked| (asked.range.as_deref(), asked.if_range.as_deref())).collect();
    assert_eq!(heads, [(None, None), (Some("bytes=100000-"), Some("\"first\""))]);
    assert_eq!(std::fs::read(folder.path().join("weights/resnet_10.pth")).expect("the file"), checkpoint());
}

#[test]
fn what_was_left_by_an_earlier_run_is_gone_on_with_only_if_the_file_is_the_same() {
    for is_changed in [false, true] {
        let (folder, hub) = (tempfile::tempdir().expect("a folder"), hub());
        // Cut so often that the run gives up: the last attempt brings nothing.
        hub.change(|shop| shop.cuts = VecDeque::from([100_000, 0]));
        fetch(folder.path(), &hub).assert_refused("interrupted after 100000 bytes");
        assert_eq!(names(folder.path()), ["resnet_10.pth.part", "resnet_10.pth.part.json"]);
        hub.asked();
        if is_changed {
            let other = include_bytes!("../../../core/nn/tests/data/r10b_w6.fp16.zip.pth").to_vec();
            hub.change(|shop| {
                shop.etag = "\"second\"".to_owned();
                shop.files = [(ADDRESS.to_owned(), other)].into();
            });
        }
        fetched(folder.path(), &hub, &[]);
        let asked = hub.asked();
        assert_eq!((asked.len(), asked[0].range.as_deref()), (1, Some("bytes=100000-")));
        let wanted = contents(&hub);
        assert_eq!(std::fs::read(folder.path().join("weights/resnet_10.pth")).expect("the file"), wanted, "not spliced from two");
        assert_eq!(names(folder.path()), KEPT);
    }
}

/// What the hub has now.
fn contents(hub: &Hub) -> Vec<u8> {
    let mut found = Vec::new();
    hub.change(|shop| found.clone_from(&shop.files[ADDRESS]));
    found
}

#[test]
fn a_hub_without_tags_or_ranges_is_asked_for_the_whole_again() {
    for (etag, knows_ranges) in [("", true), ("W/\"weak\"", true), ("\"first\"", false)] {
        let (folder, hub) = (tempfile::tempdir().expect("a folder"), hub());
        hub.change(|shop| {
            (shop.etag, shop.knows_ranges) = (etag.to_owned(), knows_ranges);
            shop.cuts = VecDeque::from([100_000, 0, 0]);
        });
        let _ = fetch(folder.path(), &hub);
        hub.change(|shop| shop.cuts.clear());
        fetched(folder.path(), &hub, &[]);
        assert_eq!(std::fs::read(folder.path().join("weights/resnet_10.pth")).expect("the file"), checkpoint(), "{etag} {knows_ranges}");
        assert_eq!(names(folder.path()), KEPT);
    }
}

#[test]
fn what_is_no_checkpoint_is_refused_and_leaves_nothing() {
    let long_page = format!("<!DOCTYPE html><html>{}</html>", "sign in ".repeat(1000));
    let mut damaged = checkpoint();
    damaged.truncate(200_000);
    let bodies: [(Vec<u8>, &str); 5] = [
        (long_page.into_bytes(), "web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n".to_vec(), "git-lfs"),
        (Vec::new(), "empty"),
        (b"{\"error\": \"not found\"}".to_vec(), "text"),
        (damaged, "damaged"),
    ];
    let (folder, hub) = (tempfile::tempdir().expect("a folder"), hub());
    for (body, wanted) in bodies {
        hub.change(|shop| shop.files = [(ADDRESS.to_owned(), body)].into());
        fetch(folder.path(), &hub).assert_refused(wanted);
        assert!(names(folder.path()).is_empty(), "{wanted}");
    }
}

#[test]
fn a_file_of_another_network_is_not_kept() {
    let (folder, hub) = (tempfile::tempdir().expect("a folder"), hub());
    let address = ADDRESS.replace("Resnet10", "Resnet18").replace("resnet_10", "resnet_18");
    hub.change(|shop| shop.files = [(address, checkpoint())].into());
    let run = medley_in(folder.path(), &[("HF_ENDPOINT", hub.address())], ["weights", "fetch", "resnet_18"]);
    run.assert_refused("resnet_18 is a ResNet-18 with shortcut A");
    assert!(names(folder.path()).is_empty());
}

#[test]
fn every_no_of_a_hub_is_a_sentence() {
    let (folder, hub) = (tempfile::tempdir().expect("a folder"), hub());
    for (status, wanted) in [(404, "no such file (status 404)"), (401, "log in"), (403, "log in"), (429, "too much"), (503, "out of order")]
    {
        hub.change(|shop| shop.status = status);
        fetch(folder.path(), &hub).assert_refused(wanted);
    }
    let address = hub.address().to_owned();
    drop(hub);
    let fetch_from = |address: &str, name: &str| medley_in(folder.path(), &[], ["weights", "fetch", name, "--endpoint", address]);
    fetch_from(&address, "resnet_10").assert_refused("cannot be reached");
    fetch_from("no.address", "resnet_10").assert_refused("no.address");
    fetch_from(&address, "resnet_11").assert_refused("resnet_11");
    assert!(!folder.path().join("weights/resnet_10.pth").exists());
}

#[test]
fn a_file_is_brought_in_under_its_own_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let (folder, elsewhere) = (folder.path(), folder.path().join("my encoder.pth"));
    std::fs::write(&elsewhere, checkpoint()).expect("written");
    let import = |file: &Path| medley_in(folder, &[], [Path::new("weights"), Path::new("import"), file]);
    assert_eq!(import(&elsewhere).code, Some(0));
    assert_eq!(import(&elsewhere).code, Some(0), "the same again is no mistake");
    assert_eq!(answer_in(folder, &[], ["weights", "inspect", "my_encoder"])["matched"].as_u64(), Some(60));
    // Downloaded by hand on another machine, a released checkpoint is known by its name.
    let by_hand = folder.join("resnet_10.pth");
    std::fs::write(&by_hand, checkpoint()).expect("written");
    assert_eq!(import(&by_hand).code, Some(0));
    assert_eq!(answer_in(folder, &[], ["weights", "list"])["kept"].as_array().map(Vec::len), Some(2));
    // A copy that was spoilt is made good by the same file.
    std::fs::write(folder.join("weights/my_encoder.pth"), b"spoilt").expect("written");
    medley_in(folder, &[], ["weights", "inspect", "my_encoder"]).assert_refused("import it again");
    assert_eq!(import(&elsewhere).code, Some(0));
    assert_eq!(answer_in(folder, &[], ["weights", "inspect", "my_encoder"])["matched"].as_u64(), Some(60));
    let refused = |name: &str, bytes: &[u8], wanted: &str| {
        let path = folder.join(name);
        std::fs::write(&path, bytes).expect("written");
        import(&path).assert_refused(wanted);
    };
    refused("my encoder.pth", include_bytes!("../../../core/nn/tests/data/r10b_w6.fp16.zip.pth"), "my_encoder");
    refused("page.pth", b"<html>", "web page");
    refused("resnet_50.pth", &checkpoint(), "resnet_50");
    refused("checkpoint.bin", &checkpoint(), "ends with .pth");
    refused("cut.pth", &checkpoint()[..100_000], "damaged");
    assert_eq!(answer_in(folder, &[], ["weights", "list"])["kept"].as_array().map(Vec::len), Some(2));
}
