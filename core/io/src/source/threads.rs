//! Voxels of large files by more than one thread.

use std::fs::File;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, mpsc};

use super::{Bytes, Reader, STEP_BYTES, Source};
use crate::IoError;
use crate::element::Element;

/// More threads than these do not read faster.
const READERS: usize = 4;

impl<'a> Source<'a> {
    /// Elements straight from their places in the file, by as many threads as there are processors (no more than [`READERS`]): most of the
    /// time goes into taking memory from the system. The file is long enough, which was checked.
    pub(super) fn read_in_pieces<T: Element>(&self, file: &File, count: usize, is_swapped: bool) -> Result<Vec<T>, IoError> {
        // The system may refuse so much; then this fails and the next line would end the program.
        let mut probe: Vec<T> = Vec::new();
        probe.try_reserve_exact(count).map_err(|_| self.out_of_memory((count * size_of::<T>()) as u64))?;
        drop(probe);
        let mut values = vec![T::zeroed(); count];
        let step = (STEP_BYTES * 4) / size_of::<T>();
        let pieces = Mutex::new(values.chunks_mut(step).enumerate());
        let (done, is_over) = (AtomicUsize::new(0), AtomicBool::new(false));
        let (begin, size) = (self.position, size_of::<T>());
        // One piece; whether there was another.
        let next = || -> io::Result<bool> {
            let next = pieces.lock().map_or(None, |mut pieces| pieces.next());
            let Some((n, piece)) = next.filter(|_| !is_over.load(Ordering::Relaxed)) else { return Ok(false) };
            read_exact_at(file, bytemuck::cast_slice_mut(piece), begin + (n * step * size) as u64)?;
            if is_swapped {
                piece.iter_mut().for_each(|value| *value = value.swapped());
            }
            done.fetch_add(piece.len(), Ordering::Relaxed);
            Ok(true)
        };
        std::thread::scope(|scope| {
            let all_of_them = || {
                while next()? {}
                io::Result::Ok(())
            };
            let others = std::thread::available_parallelism().map_or(1, usize::from).min(READERS) - 1;
            let others: Vec<_> = (0..others).filter_map(|_| std::thread::Builder::new().spawn_scoped(scope, all_of_them).ok()).collect();
            let mut mine = Ok(());
            while mine.is_ok() {
                mine = match next() {
                    Ok(true) => self.tell(done.load(Ordering::Relaxed), count),
                    Ok(false) => break,
                    Err(error) => Err(self.failed(error)),
                };
            }
            is_over.store(mine.is_err(), Ordering::Relaxed);
            others.into_iter().fold(mine, |result, other| {
                let theirs = other.join().unwrap_or_else(|_| Err(io::ErrorKind::UnexpectedEof.into()));
                result.and(theirs.map_err(|error| self.failed(error)))
            })
        })?;
        self.tell(count, count)?;
        Ok(values)
    }

    /// As the loop of [`Self::elements`], with a thread of its own for unpacking: meanwhile this one takes memory from the system, turns
    /// bytes and tells how far it is. Does nothing if there is no second thread to be had.
    pub(super) fn unpack_beside<T: Element>(
        &mut self,
        values: &mut Vec<T>,
        count: usize,
        first: usize,
        is_swapped: bool,
    ) -> Result<(), IoError> {
        let step = STEP_BYTES / size_of::<T>();
        // The reader is lent to the other thread; what it needs not stays here.
        let nothing: Bytes<'a> = Box::new(io::empty());
        let mut reader = std::mem::replace(&mut self.reader, Reader::Plain(nothing));
        let (give, take) = mpsc::sync_channel::<io::Result<Vec<T>>>(2);
        let (give_back, take_back) = mpsc::channel::<Vec<T>>();
        (0..3).for_each(|_| drop(give_back.send(Vec::new())));
        let result = std::thread::scope(|scope| {
            // Gone when this ends for whatever reason, so that the other thread ends, too.
            let (take, give_back) = (take, give_back);
            let reader = &mut reader;
            let unpack = move || {
                let mut left = count;
                while left > 0 {
                    let Ok(mut piece) = take_back.recv() else { return };
                    piece.resize(step.min(left), T::zeroed());
                    left -= piece.len();
                    let wanted = std::mem::size_of_val(piece.as_slice());
                    let sent = match reader.read_all(bytemuck::cast_slice_mut(&mut piece)) {
                        Ok(read) if read == wanted => give.send(Ok(piece)),
                        Ok(_) => give.send(Err(io::ErrorKind::UnexpectedEof.into())),
                        Err(error) => give.send(Err(error)),
                    };
                    if sent.is_err() {
                        return;
                    }
                }
            };
            if std::thread::Builder::new().spawn_scoped(scope, unpack).is_err() {
                return Ok(());
            }
            while values.len() < count {
                let piece = match take.recv() {
                    Ok(Ok(piece)) => piece,
                    Ok(Err(error)) => return Err(Some(error)),
                    Err(_) => return Err(None),
                };
                let mut rest = piece.as_slice();
                while !rest.is_empty() {
                    self.grow(values, first, count).map_err(|_| None)?;
                    let (now, later) = rest.split_at(rest.len().min(values.capacity() - values.len()));
                    match is_swapped {
                        true => values.extend(now.iter().map(|value| value.swapped())),
                        false => values.extend_from_slice(now),
                    }
                    rest = later;
                }
                let _ = give_back.send(piece);
                self.tell(values.len(), count).map_err(|_| Some(io::ErrorKind::Interrupted.into()))?;
            }
            Ok(())
        });
        self.reader = reader;
        self.position += std::mem::size_of_val(values.as_slice()) as u64;
        result.map_err(|error| match error {
            None => self.out_of_memory((count * size_of::<T>()) as u64),
            Some(error) if error.kind() == io::ErrorKind::Interrupted => IoError::Cancelled { file: self.name.clone() },
            Some(error) => self.failed(error),
        })
    }
}

/// Fills `buffer` from a place in a file.
#[cfg(unix)]
fn read_exact_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, buffer, at)
}

/// Fills `buffer` from a place in a file.
#[cfg(windows)]
fn read_exact_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<()> {
    let mut filled = 0;
    while filled < buffer.len() {
        let rest = buffer.get_mut(filled..).unwrap_or_default();
        match std::os::windows::fs::FileExt::seek_read(file, rest, at + filled as u64) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
