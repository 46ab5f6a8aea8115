//! The Merkle tree of a log (RFC 6962, section 2.1), as far as one needs it who only ever adds a leaf: of a log of n leaves
//! the roots of the perfect trees that n consists of. They give its root, and the proof that a log with one leaf more
//! begins with it.

use sha2::{Digest as _, Sha256};

/// A hash of the tree.
pub(super) type Hash = [u8; 32];

/// The perfect trees of a log, the largest first: one for each bit that is set in its size.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Range {
    size: u64,
    roots: Vec<Hash>,
}

impl Range {
    /// A log of so many leaves; `None` if it has another number of perfect trees.
    pub(super) fn new(size: u64, roots: Vec<Hash>) -> Option<Self> {
        let fits = usize::try_from(size.count_ones()).ok()? == roots.len() && size < u64::MAX;
        fits.then_some(Self { size, roots })
    }

    /// How many leaves it has.
    pub(super) const fn size(&self) -> u64 {
        self.size
    }

    /// Its perfect trees.
    pub(super) fn roots(&self) -> &[Hash] {
        &self.roots
    }

    /// With one leaf more.
    pub(super) fn and(&self, leaf: &[u8]) -> Self {
        let (mut roots, mut root) = (self.roots.clone(), leaf_hash(leaf));
        // A tree that is as large as the new one is joined with it, as one is carried in a sum.
        for _ in 0..self.size.trailing_ones() {
            root = node(&roots.pop().unwrap_or_default(), &root);
        }
        roots.push(root);
        Self { size: self.size.saturating_add(1), roots }
    }

    /// The root of the whole: MTH of RFC 6962.
    pub(super) fn root(&self) -> Hash {
        let mut smaller = self.roots.iter().rev();
        let Some(last) = smaller.next() else { return Sha256::digest([]).into() };
        smaller.fold(*last, |right, left| node(left, &right))
    }

    /// The proof that the log with this leaf more begins with this one: PROOF(n, D[n + 1]) of RFC 6962. Nothing has to be
    /// proven of an empty log.
    pub(super) fn proof(&self, leaf: &[u8]) -> Vec<Hash> {
        let mut larger = self.roots.iter().rev();
        match (larger.next(), self.roots.len()) {
            (None, _) => Vec::new(),
            // The one who asks knows the root of a tree that is perfect.
            (Some(_), 1) => vec![leaf_hash(leaf)],
            (Some(smallest), _) => [*smallest, leaf_hash(leaf)].into_iter().chain(larger.copied()).collect(),
        }
    }
}

fn leaf_hash(leaf: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(leaf).finalize().into()
}

fn node(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// MTH, word for word as RFC 6962 has it.
    fn mth(leaves: &[Vec<u8>]) -> Hash {
        match leaves {
            [] => Sha256::digest([]).into(),
            [leaf] => Sha256::digest([&[0], leaf.as_slice()].concat()).into(),
            _ => {
                let (left, right) = leaves.split_at(largest_power_below(leaves.len()));
                Sha256::digest([&[1], mth(left).as_slice(), mth(right).as_slice()].concat()).into()
            }
        }
    }

    /// SUBPROOF, word for word.
    fn subproof(m: usize, leaves: &[Vec<u8>], whole: bool) -> Vec<Hash> {
        if m == leaves.len() {
            return if whole { Vec::new() } else { vec![mth(leaves)] };
        }
        let k = largest_power_below(leaves.len());
        let (left, right) = leaves.split_at(k);
        if m <= k {
            [subproof(m, left, whole), vec![mth(right)]].concat()
        } else {
            [subproof(m - k, right, false), vec![mth(left)]].concat()
        }
    }

    fn largest_power_below(n: usize) -> usize {
        let mut k = 1;
        while k * 2 < n {
            k *= 2;
        }
        k
    }

    #[test]
    fn roots_and_proofs_are_those_of_the_recursive_definition() {
        let leaves: Vec<Vec<u8>> = (0..300_u32).map(|number| number.to_be_bytes().to_vec()).collect();
        let mut range = Range::default();
        assert_eq!(range.root(), mth(&[]));
        for (size, leaf) in leaves.iter().enumerate() {
            let expected = if size == 0 { Vec::new() } else { subproof(size, &leaves[..=size], true) };
            assert_eq!(range.proof(leaf), expected, "from {size} leaves to one more");
            range = range.and(leaf);
            assert_eq!(range.root(), mth(&leaves[..=size]), "{size} leaves and one");
            let again = Range::new(range.size(), range.roots().to_vec());
            assert_eq!(again.as_ref(), Some(&range));
        }
    }

    /// The tree that certificate transparency tests itself with: its eight leaves, and roots that others computed.
    #[test]
    fn the_published_roots_are_reached() {
        let leaves = [
            "",
            "00",
            "10",
            "2021",
            "3031",
            "40414243",
            "5051525354555657",
            "606162636465666768696a6b6c6d6e6f",
        ];
        let roots = [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        let mut range = Range::default();
        for (leaf, root) in leaves.into_iter().zip(roots) {
            let pair = |at: usize| u8::from_str_radix(&leaf[at..at + 2], 16).unwrap();
            range = range.and(&(0..leaf.len()).step_by(2).map(pair).collect::<Vec<_>>());
            let hex: String = range.root().iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(hex, root);
        }
    }

    #[test]
    fn a_size_and_its_trees_belong_together() {
        assert_eq!(Range::new(5, vec![[0; 32]]), None);
        assert_eq!(Range::new(u64::MAX, vec![[0; 32]; 64]), None, "there is no room for another leaf");
        assert!(Range::new(5, vec![[0; 32]; 2]).is_some());
    }
}
