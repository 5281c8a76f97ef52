//! The system's clipboard, on a thread of its own: taking it over waits for other programs, and on X11 whoever copied answers those who
//! paste for as long as the program runs.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use arboard::ImageData;

use crate::texts::clipboard as texts;

/// What is put into the clipboard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// A text, and what it is called.
    Text(&'static str, String),
    /// A picture: pixels across and down; red, green and blue of each, row by row.
    Picture([u32; 2], Vec<u8>),
}

/// The window's end of the thread, which is started when something is copied for the first time.
pub struct Clipboard {
    inbox: Option<Sender<Content>>,
    outcomes: Receiver<Result<String, String>>,
    tell: Sender<Result<String, String>>,
    wake: Arc<dyn Fn() + Send + Sync>,
}

impl Clipboard {
    /// Nothing copied yet; `wake` is called when something was.
    #[must_use]
    pub fn new(wake: Arc<dyn Fn() + Send + Sync>) -> Self {
        let (tell, outcomes) = channel();
        Self { inbox: None, outcomes, tell, wake }
    }

    /// Where what is to be copied is sent.
    ///
    /// # Errors
    /// A sentence, if the system gives no thread.
    pub fn inbox(&mut self) -> Result<Sender<Content>, String> {
        if let Some(inbox) = &self.inbox {
            return Ok(inbox.clone());
        }
        let (inbox, wanted) = channel();
        let (tell, wake) = (self.tell.clone(), Arc::clone(&self.wake));
        let work = move || serve(&wanted, &tell, &*wake);
        std::thread::Builder::new().name("clipboard".to_owned()).spawn(work).map_err(|error| texts::failed(&error))?;
        self.inbox = Some(inbox.clone());
        Ok(inbox)
    }

    /// What became of what was copied: what to say of it.
    #[must_use]
    pub fn poll(&self) -> Option<Result<String, String>> {
        self.outcomes.try_recv().ok()
    }
}

fn serve(wanted: &Receiver<Content>, tell: &Sender<Result<String, String>>, wake: &dyn Fn()) {
    // Dropped with the thread: until then what was copied can be pasted.
    let mut system: Option<arboard::Clipboard> = None;
    while let Ok(content) = wanted.recv() {
        let outcome = put(&mut system, content).map_err(|error| texts::failed(&error));
        if tell.send(outcome).is_err() {
            return;
        }
        wake();
    }
}

fn put(system: &mut Option<arboard::Clipboard>, content: Content) -> Result<String, arboard::Error> {
    let system = match system {
        Some(system) => system,
        None => system.insert(arboard::Clipboard::new()?),
    };
    match content {
        Content::Text(what, text) => system.set_text(text).map(|()| texts::copied(what)),
        Content::Picture([width, height], pixels) => {
            let bytes = Cow::Owned(with_opacity(&pixels));
            system.set_image(ImageData { width: width as usize, height: height as usize, bytes }).map(|()| texts::copied(texts::PICTURE))
        }
    }
}

/// Red, green, blue and full opacity of every pixel.
fn with_opacity(pixels: &[u8]) -> Vec<u8> {
    pixels.as_chunks::<3>().0.iter().flat_map(|&[r, g, b]| [r, g, b, u8::MAX]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_get_full_opacity() {
        assert_eq!(with_opacity(&[1, 2, 3, 4, 5, 6]), [1, 2, 3, 255, 4, 5, 6, 255]);
    }

    #[test]
    #[ignore = "takes over the clipboard of whoever runs it; for `xvfb-run`"]
    fn what_was_copied_is_answered_even_where_there_is_no_clipboard() {
        let thread = std::thread::current();
        let mut clipboard = Clipboard::new(Arc::new(move || thread.unpark()));
        clipboard.inbox().expect("a thread").send(Content::Text("Text", "a".to_owned())).expect("the thread lives");
        let outcome = loop {
            match clipboard.poll() {
                Some(outcome) => break outcome,
                None => std::thread::park_timeout(std::time::Duration::from_millis(50)),
            }
        };
        match outcome {
            Ok(_) => assert_eq!(arboard::Clipboard::new().and_then(|mut other| other.get_text()).expect("a text"), "a"),
            // There is no display.
            Err(sentence) => assert!(sentence.starts_with("Nothing was copied (") && sentence.ends_with('.'), "{sentence}"),
        }
    }
}
