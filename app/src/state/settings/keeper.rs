//! The file of settings. It is read before the first frame and written by a thread of its own.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use medley_io::write_atomically;
use serde_json::Value;

use super::Settings;
use crate::texts::settings as texts;

/// More than this is no file of settings.
const LARGEST_BYTES: u64 = 1 << 20;

/// Writes settings whenever they change; the newest win. The last ones are on the disk when it is dropped.
#[derive(Debug)]
pub struct Keeper {
    outbox: Option<Sender<Settings>>,
    troubles: Receiver<String>,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    /// Reads the settings of a file and stands ready to write them. The sentence says what could not be read.
    ///
    /// Reads a small file: to be called before the window draws, so that it never shows in another theme first.
    #[must_use]
    pub fn open(path: PathBuf, wake: impl Fn() + Send + 'static) -> (Settings, Self, Option<String>) {
        let Found { settings, trouble, may_be_replaced } = read(&path);
        let (outbox, inbox) = channel::<Settings>();
        let (tell, troubles) = channel();
        let write_all = move || {
            while let Ok(mut settings) = inbox.recv() {
                while let Ok(newer) = inbox.try_recv() {
                    settings = newer;
                }
                if may_be_replaced && let Err(error) = write(&path, &settings) {
                    let _ = tell.send(texts::not_written(&error));
                    wake();
                }
            }
        };
        let thread = std::thread::Builder::new().name("settings".to_owned()).spawn(write_all);
        let trouble = trouble.or_else(|| thread.as_ref().err().map(|error| texts::not_written(&error.to_string())));
        (settings, Self { outbox: Some(outbox), troubles, thread: thread.ok() }, trouble)
    }

    /// Writes these settings soon.
    pub fn keep(&self, settings: &Settings) {
        if let Some(outbox) = &self.outbox {
            let _ = outbox.send(settings.clone());
        }
    }

    /// Why settings could not be written, since the last time.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        self.troubles.try_iter().last()
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.outbox.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What was read.
struct Found {
    settings: Settings,
    trouble: Option<String>,
    /// Nothing that a person may still want is lost when the file is written anew.
    may_be_replaced: bool,
}

fn read(path: &Path) -> Found {
    let usual = |trouble, may_be_replaced| Found { settings: Settings::default(), trouble, may_be_replaced };
    let text = match std::fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return usual(None, true),
        Ok(about) if about.len() > LARGEST_BYTES => None,
        _ => match std::fs::read(path) {
            Ok(bytes) => String::from_utf8(bytes).ok(),
            Err(error) => return usual(Some(texts::not_read(path, &error)), false),
        },
    };
    match text.and_then(|text| serde_json::from_str(&text).ok()) {
        Some(Value::Object(all)) => {
            let (settings, senseless) = Settings::from_json(all);
            let trouble = (!senseless.is_empty()).then(|| texts::senseless(path, &senseless));
            Found { settings, trouble, may_be_replaced: true }
        }
        _ => match set_aside(path) {
            Ok(aside) => usual(Some(texts::set_aside(path, &aside)), true),
            Err(error) => usual(Some(texts::not_set_aside(path, &error)), false),
        },
    }
}

/// Moves a damaged file out of the way, so that it is neither lost nor read again; where to.
fn set_aside(path: &Path) -> std::io::Result<PathBuf> {
    let aside = (1..1000).map(|n| path.with_extension(format!("damaged-{n}.json"))).find(|aside| !aside.exists());
    let aside = aside.ok_or_else(|| std::io::Error::from(std::io::ErrorKind::AlreadyExists))?;
    std::fs::rename(path, &aside)?;
    Ok(aside)
}

fn write(path: &Path, settings: &Settings) -> Result<(), String> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    let text = serde_json::to_string_pretty(&settings.to_json()).map_err(|error| error.to_string())?;
    write_atomically(path, |out| out.write_all(text.as_bytes())).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::super::ThemeChoice;
    use super::*;

    #[test]
    fn settings_survive_a_restart_and_the_newest_win() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("new/settings.json");
        let (mut settings, keeper, trouble) = Keeper::open(path.clone(), || {});
        assert_eq!((settings.clone(), trouble), (Settings::default(), None));
        settings.theme = ThemeChoice::Light;
        for percent in 100..=180 {
            settings.scale_percent = percent;
            keeper.keep(&settings);
        }
        drop(keeper);
        let (again, _keeper, trouble) = Keeper::open(path, || {});
        assert_eq!((again, trouble), (settings, None));
    }

    #[test]
    fn a_damaged_file_is_set_aside_with_a_sentence() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("settings.json");
        for (n, damaged) in [&b"{\"theme\": \"li"[..], b"[]", b"\xff\xfe", &vec![b' '; 2 << 20]].into_iter().enumerate() {
            std::fs::write(&path, damaged).expect("written");
            let (settings, _keeper, trouble) = Keeper::open(path.clone(), || {});
            assert_eq!(settings, Settings::default());
            let aside = folder.path().join(format!("settings.damaged-{}.json", n + 1));
            assert!(trouble.is_some_and(|sentence| sentence.contains(&aside.display().to_string())));
            assert!(!path.exists());
            assert_eq!(std::fs::read(aside).expect("kept"), damaged);
        }
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let (outbox, woken) = channel();
        let path = folder.path().join("new").join("settings.json");
        let (settings, keeper, _) = Keeper::open(path, move || {
            let _ = outbox.send(());
        });
        std::fs::write(folder.path().join("new"), "in the way").expect("written");
        keeper.keep(&settings);
        woken.recv().expect("the thread says so");
        assert!(keeper.trouble().is_some_and(|sentence| sentence.contains("could not be written")));
    }
}
