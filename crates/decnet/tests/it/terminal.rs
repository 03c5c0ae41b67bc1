//! A program in a terminal of its own, typed at as a person would.

use pty_process::blocking::{Command, Pty};
use std::io::{Read, Write};
use std::process::{Child, ExitStatus};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A program, the terminal it runs in, and everything it has printed so far.
pub struct Terminal {
    pty: Arc<Pty>,
    child: Child,
    printed: Arc<Mutex<Vec<u8>>>,
}

impl Terminal {
    /// Starts `command` in a terminal of that size.
    pub fn start(command: Command, cols: u16, rows: u16) -> Self {
        let (pty, pts) = pty_process::blocking::open().unwrap();
        pty.resize(pty_process::Size::new(rows, cols)).unwrap();
        let child = command.spawn(pts).unwrap();
        let (pty, printed) = (Arc::new(pty), Arc::new(Mutex::new(Vec::new())));
        let (reader, sink) = (Arc::clone(&pty), Arc::clone(&printed));
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(n @ 1..) = (&*reader).read(&mut buffer) {
                sink.lock().unwrap().extend_from_slice(&buffer[..n]);
            }
        });
        Self { pty, child, printed }
    }

    /// What has been printed since the last [`Self::forget`].
    pub fn printed(&self) -> String {
        String::from_utf8_lossy(&self.printed.lock().unwrap()).into_owned()
    }

    /// Forgets what has been printed.
    pub fn forget(&self) {
        self.printed.lock().unwrap().clear();
    }

    /// Waits until `text` has been printed.
    #[track_caller]
    pub fn expect(&self, text: &str) {
        let end = Instant::now() + Duration::from_secs(30);
        while !self.printed().contains(text) {
            assert!(Instant::now() < end, "no {text:?} in: {:?}", self.printed());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Sends bytes in one write.
    pub fn send(&self, text: &str) {
        (&*self.pty).write_all(text.as_bytes()).unwrap();
    }

    /// Types the keys one by one, each after the next of `gaps_ms`, over and over.
    pub fn keys(&self, keys: &[&str], gaps_ms: &mut impl Iterator<Item = u64>) {
        for key in keys {
            std::thread::sleep(Duration::from_millis(gaps_ms.next().unwrap()));
            self.send(key);
        }
    }

    /// Changes the size, as a person who pulls at the window does.
    pub fn resize(&self, cols: u16, rows: u16) {
        self.pty.resize(pty_process::Size::new(rows, cols)).unwrap();
    }

    /// Waits for the program's end.
    #[track_caller]
    pub fn wait(&mut self) -> ExitStatus {
        let end = Instant::now() + Duration::from_secs(20);
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < end, "does not end; printed: {:?}", self.printed());
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
