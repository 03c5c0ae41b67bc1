//! What is right below a folder, in a tree that is sorted by whole paths.
//!
//! **Invariant:** names come sorted by bytes; what is deeper is jumped over, not walked through.

use std::collections::BTreeMap;
use std::collections::btree_map::Range;
use std::ops::Bound;

/// The names in a folder.
pub(super) struct Children<'a, T> {
    tree: &'a BTreeMap<Vec<u8>, T>,
    prefix: Vec<u8>,
    range: Range<'a, Vec<u8>, T>,
}

impl<'a, T> Children<'a, T> {
    pub(super) fn new(tree: &'a BTreeMap<Vec<u8>, T>, folder: &[u8]) -> Self {
        let prefix = [folder, b"/"].concat();
        let from = Bound::Excluded(prefix.as_slice());
        let range = tree.range::<[u8], _>((from, Bound::Unbounded));
        Self { tree, prefix, range }
    }
}

impl<'a, T> Iterator for Children<'a, T> {
    type Item = (&'a [u8], &'a T);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (path, node) = self.range.next()?;
            let name = path.strip_prefix(self.prefix.as_slice())?;
            let Some(end) = name.iter().position(|&b| b == b'/') else { return Some((name, node)) };
            // `0` follows `/`.
            let jump = [self.prefix.as_slice(), name.get(..end).unwrap_or(name), b"0"].concat();
            let from = Bound::Included(jump.as_slice());
            self.range = self.tree.range::<[u8], _>((from, Bound::Unbounded));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_sorted_and_what_is_deeper_does_not() {
        let paths = ["", "/a", "/a.b", "/a/x", "/a/x/y", "/ab", "/b/z", "/b", "/b-c", "/0"];
        let tree: BTreeMap<Vec<u8>, ()> = paths.map(|path| (path.into(), ())).into();
        let names = |folder: &str| -> Vec<String> {
            Children::new(&tree, folder.as_bytes())
                .map(|(name, ())| String::from_utf8_lossy(name).into_owned())
                .collect()
        };
        assert_eq!(names(""), ["0", "a", "a.b", "ab", "b", "b-c"]);
        assert_eq!(names("/a"), ["x"]);
        assert_eq!(names("/a/x"), ["y"]);
        assert_eq!(names("/nothing"), [""; 0]);
    }
}
