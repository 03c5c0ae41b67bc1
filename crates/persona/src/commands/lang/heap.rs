//! Things of a script that refer to each other.
//!
//! **Invariant:** nothing is freed while something reaches it, and nothing that reaches itself alone
//! stays: what can be got at is marked from the roots, with a list and not by recursion.

/// A thing's place.
pub(super) type Id = usize;

/// What a heap holds.
pub(super) trait Thing {
    /// Tells all places that this refers to.
    fn reach(&self, found: &mut Vec<Id>);
    /// About how many bytes it takes.
    fn size(&self) -> usize;
}

#[derive(Debug)]
pub(super) struct Heap<T> {
    places: Vec<Option<T>>,
    free: Vec<Id>,
    /// Bytes of all things at the last look.
    live: usize,
    /// What has grown since, about.
    grown: usize,
}

/// Bytes that may grow before it is worth a look.
const LOOK: usize = 2 << 20;

impl<T: Thing> Heap<T> {
    pub(super) fn new() -> Self {
        Self { places: Vec::new(), free: Vec::new(), live: 0, grown: 0 }
    }

    pub(super) fn add(&mut self, thing: T) -> Id {
        self.grown += thing.size();
        match self.free.pop() {
            Some(id) => {
                if let Some(place) = self.places.get_mut(id) {
                    *place = Some(thing);
                }
                id
            }
            None => {
                self.places.push(Some(thing));
                self.places.len() - 1
            }
        }
    }

    pub(super) fn get(&self, id: Id) -> Option<&T> {
        self.places.get(id)?.as_ref()
    }

    pub(super) fn get_mut(&mut self, id: Id) -> Option<&mut T> {
        self.places.get_mut(id)?.as_mut()
    }

    /// Something has grown by so many bytes.
    pub(super) fn grow(&mut self, bytes: usize) {
        self.grown = self.grown.saturating_add(bytes);
    }

    pub(super) fn bytes(&self) -> usize {
        self.live.saturating_add(self.grown)
    }

    pub(super) fn wants_look(&self) -> bool {
        self.grown > LOOK.max(self.live / 2)
    }

    /// Frees what the roots do not reach. Says how many places were looked at.
    pub(super) fn sweep(&mut self, roots: Vec<Id>) -> usize {
        let mut marked = vec![false; self.places.len()];
        let mut open = roots;
        while let Some(id) = open.pop() {
            let Some(mark) = marked.get_mut(id) else { continue };
            if std::mem::replace(mark, true) {
                continue;
            }
            if let Some(thing) = self.get(id) {
                thing.reach(&mut open);
            }
        }
        self.live = 0;
        for (id, (place, marked)) in self.places.iter_mut().zip(marked).enumerate() {
            match place {
                Some(thing) if marked => self.live += thing.size(),
                Some(_) => {
                    *place = None;
                    self.free.push(id);
                }
                None => {}
            }
        }
        self.grown = 0;
        self.places.len()
    }
}
