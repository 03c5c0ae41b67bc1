//! Arrays of awk, in mawk's order.
//!
//! **Invariant:** a key is found in the same time whatever was put in before; lists only say in
//! which order `for (key in array)` meets them. They are lists as mawk has: a table of texts and a
//! table of numbers, what was looked at last in front.

use super::value::Value;
use crate::commands::lang::text::{Meter, Text};
use std::collections::BTreeMap;

/// What an element is found by.
#[derive(Clone, Debug)]
pub(super) enum Key {
    Number(i32),
    Text(Text),
}

#[derive(Debug)]
struct Node {
    value: Value,
    text: Option<Text>,
    hash: u32,
    number: Option<i32>,
    /// Neighbours in the list of texts, and in that of numbers.
    links: [Link; 2],
}

#[derive(Clone, Copy, Debug, Default)]
struct Link {
    before: Option<usize>,
    behind: Option<usize>,
}

/// Which lists.
const TEXTS: usize = 0;
const NUMBERS: usize = 1;

#[derive(Debug)]
pub(super) struct Array {
    nodes: Vec<Option<Node>>,
    free: Vec<usize>,
    by_text: BTreeMap<Vec<u8>, usize>,
    by_number: BTreeMap<i32, usize>,
    /// The first of each list.
    heads: [Vec<Option<usize>>; 2],
    /// Every element has its text.
    has_texts: bool,
    /// It came from `split` and nothing was added: looking changes no order.
    is_plain: bool,
    meter: Meter,
    bytes: usize,
}

/// Lists of a table at first, and elements for each before there are twice as many.
const LISTS: usize = 64;
const EACH: usize = 12;
/// What an element costs beside its texts.
const NODE_BYTES: usize = 200;

fn hash(text: &[u8]) -> u32 {
    text.iter().fold(2_166_136_261, |hash, &b| (hash ^ u32::from(b)).wrapping_mul(16_777_619))
}

impl Array {
    pub(super) fn new(meter: &Meter) -> Self {
        Self {
            nodes: Vec::new(),
            free: Vec::new(),
            by_text: BTreeMap::new(),
            by_number: BTreeMap::new(),
            heads: [vec![None; LISTS], vec![None; LISTS]],
            has_texts: false,
            is_plain: false,
            meter: meter.clone(),
            bytes: 0,
        }
    }

    /// Pieces as `split` leaves them.
    pub(super) fn of_pieces(pieces: Vec<Value>, meter: &Meter) -> Self {
        let mut array = Self::new(meter);
        for (at, piece) in (1..).zip(pieces) {
            if let Some(value) = array.element(&Key::Number(at)) {
                *value = piece;
            }
        }
        array.is_plain = true;
        array
    }

    pub(super) fn len(&self) -> usize {
        self.nodes.len() - self.free.len()
    }

    fn node(&mut self, at: usize) -> Option<&mut Node> {
        self.nodes.get_mut(at)?.as_mut()
    }

    fn list_of(&self, at: usize, kind: usize) -> usize {
        let mask = self.heads.first().map_or(0, Vec::len).saturating_sub(1);
        let Some(Some(node)) = self.nodes.get(at) else { return 0 };
        let place = if kind == TEXTS { node.hash } else { node.number.unwrap_or_default() as u32 };
        place as usize & mask
    }

    fn head(&mut self, kind: usize, list: usize) -> Option<&mut Option<usize>> {
        self.heads.get_mut(kind)?.get_mut(list)
    }

    fn link(&mut self, at: usize, kind: usize) -> Option<&mut Link> {
        self.node(at)?.links.get_mut(kind)
    }

    /// Puts a node in front of its list.
    fn put(&mut self, at: usize, kind: usize) {
        let list = self.list_of(at, kind);
        let first = self.head(kind, list).and_then(|head| head.replace(at));
        if let Some(link) = self.link(at, kind) {
            *link = Link { before: None, behind: first };
        }
        if let Some(link) = first.and_then(|first| self.link(first, kind)) {
            link.before = Some(at);
        }
    }

    /// Takes a node out of its list.
    fn take(&mut self, at: usize, kind: usize) {
        let Some(link) = self.link(at, kind).map(|link| *link) else { return };
        match link.before {
            Some(before) => {
                if let Some(before) = self.link(before, kind) {
                    before.behind = link.behind;
                }
            }
            None => {
                let list = self.list_of(at, kind);
                if let Some(head) = self.head(kind, list) {
                    *head = link.behind;
                }
            }
        }
        if let Some(behind) = link.behind.and_then(|behind| self.link(behind, kind)) {
            behind.before = link.before;
        }
    }

    fn add(&mut self, text: Option<Text>, number: Option<i32>) -> usize {
        let cost = NODE_BYTES + text.as_ref().map_or(0, |text| text.len());
        self.meter.take(cost);
        self.bytes += cost;
        let hash = text.as_ref().map_or(0, |text| hash(text));
        let node = Node { value: Value::Nothing, text, hash, number, links: Default::default() };
        let at = match self.free.pop() {
            Some(at) => at,
            None => {
                self.nodes.push(None);
                self.nodes.len() - 1
            }
        };
        if let Some(place) = self.nodes.get_mut(at) {
            *place = Some(node);
        }
        if self.len() > self.heads.first().map_or(0, Vec::len) * EACH {
            self.double();
        }
        at
    }

    /// Twice as many lists, each split in two that keep their order.
    fn double(&mut self) {
        for kind in [TEXTS, NUMBERS] {
            let Some(heads) = self.heads.get_mut(kind) else { continue };
            let old = std::mem::take(heads);
            heads.resize(old.len() * 2, None);
            for first in old {
                let mut all = Vec::new();
                let mut next = first;
                while let Some(at) = next {
                    all.push(at);
                    next = self.link(at, kind).and_then(|link| link.behind);
                }
                for at in all.into_iter().rev() {
                    self.put(at, kind);
                }
            }
        }
    }

    /// The node of a text, in front of its list.
    fn by_text(&mut self, text: &Text) -> Option<usize> {
        self.name_all();
        let at = *self.by_text.get(&text[..])?;
        self.take(at, TEXTS);
        self.put(at, TEXTS);
        Some(at)
    }

    fn add_text(&mut self, text: &Text) -> usize {
        let at = self.add(Some(text.clone()), None);
        self.by_text.insert(text.to_vec(), at);
        self.put(at, TEXTS);
        self.has_texts = true;
        at
    }

    /// The node of a key, made where `add` says so.
    fn seek(&mut self, key: &Key, add: bool) -> Option<usize> {
        let number = match key {
            Key::Text(text) => {
                self.is_plain = false;
                let found = self.by_text(text);
                return found.or_else(|| add.then(|| self.add_text(text)));
            }
            Key::Number(number) => *number,
        };
        if let Some(&at) = self.by_number.get(&number) {
            if !self.is_plain {
                self.take(at, NUMBERS);
                self.put(at, NUMBERS);
            }
            return Some(at);
        }
        let at = if self.has_texts {
            let text = self.meter.text(number.to_string());
            let found = self.by_text(&text);
            let at = found.or_else(|| add.then(|| self.add_text(&text)))?;
            self.node(at)?.number = Some(number);
            at
        } else if add {
            self.add(None, Some(number))
        } else {
            return None;
        };
        self.is_plain = false;
        self.by_number.insert(number, at);
        self.put(at, NUMBERS);
        Some(at)
    }

    pub(super) fn has(&mut self, key: &Key) -> bool {
        self.len() > 0 && self.seek(key, false).is_some()
    }

    /// The element, which is made if it is not there.
    pub(super) fn element(&mut self, key: &Key) -> Option<&mut Value> {
        let at = self.seek(key, true)?;
        self.node(at).map(|node| &mut node.value)
    }

    pub(super) fn remove(&mut self, key: &Key) {
        if self.len() == 0 {
            return;
        }
        let Some(at) = self.seek(key, false) else { return };
        let Some(node) = self.node(at) else { return };
        let (text, number) = (node.text.clone(), node.number);
        if let Some(text) = &text {
            self.take(at, TEXTS);
            self.by_text.remove(&text[..]);
        }
        if let Some(number) = number {
            self.take(at, NUMBERS);
            self.by_number.remove(&number);
        }
        if let Some(place) = self.nodes.get_mut(at) {
            *place = None;
        }
        self.free.push(at);
        let cost = NODE_BYTES + text.map_or(0, |text| text.len());
        self.meter.give_back(cost.min(self.bytes));
        self.bytes = self.bytes.saturating_sub(cost);
        self.is_plain = false;
        if self.len() == 0 {
            let meter = self.meter.clone();
            *self = Self::new(&meter);
        }
    }

    /// Gives every number its text.
    fn name_all(&mut self) {
        if self.has_texts {
            return;
        }
        for list in 0..self.heads.first().map_or(0, Vec::len) {
            let mut next = self.head(NUMBERS, list).and_then(|head| *head);
            while let Some(at) = next {
                next = self.link(at, NUMBERS).and_then(|link| link.behind);
                let meter = self.meter.clone();
                let Some(node) = self.node(at) else { continue };
                let text = meter.text(node.number.unwrap_or_default().to_string());
                (node.hash, node.text) = (hash(&text), Some(text.clone()));
                self.by_text.insert(text.to_vec(), at);
                self.put(at, TEXTS);
            }
        }
        self.has_texts = self.len() > 0;
        self.is_plain = false;
    }

    /// All keys, in the order in which `for` meets them.
    pub(super) fn keys(&mut self) -> Vec<Text> {
        self.name_all();
        let mut keys = Vec::new();
        for list in 0..self.heads.first().map_or(0, Vec::len) {
            let mut next = self.head(TEXTS, list).and_then(|head| *head);
            while let Some(at) = next {
                let Some(node) = self.node(at) else { break };
                keys.extend(node.text.clone());
                next = node.links.first().and_then(|link| link.behind);
            }
        }
        keys
    }
}

impl Drop for Array {
    fn drop(&mut self) {
        self.meter.give_back(self.bytes);
    }
}
