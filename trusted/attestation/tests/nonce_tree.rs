//! Nonce proofs against a tree that is built by RFC 6962's recursive definition.
#![cfg(test)]

use attestation::ChallengeProof;
use sha2::{Digest, Sha256};

type Hash = [u8; 32];

fn sha256(parts: &[&[u8]]) -> Hash {
    Sha256::digest(parts.concat()).into()
}

/// The largest power of two below `size`.
fn split(size: usize) -> usize {
    (0..).map(|power| 1 << power).take_while(|&power| power < size).last().unwrap()
}

/// MTH of RFC 6962 section 2.1.
fn tree(nonces: &[Hash]) -> Hash {
    match nonces {
        [nonce] => sha256(&[&[0], nonce]),
        _ => {
            let (left, right) = nonces.split_at(split(nonces.len()));
            sha256(&[&[1], &tree(left), &tree(right)])
        }
    }
}

/// PATH of RFC 6962 section 2.1.1.
fn path(index: usize, nonces: &[Hash]) -> Vec<Hash> {
    if nonces.len() == 1 {
        return Vec::new();
    }
    let (left, right) = nonces.split_at(split(nonces.len()));
    let (mut path, sibling) = if index < left.len() {
        (path(index, left), tree(right))
    } else {
        (path(index - left.len(), right), tree(left))
    };
    path.push(sibling);
    path
}

fn nonces(size: usize) -> Vec<Hash> {
    (0..size).map(|index| sha256(&[b"nonce", &index.to_be_bytes()])).collect()
}

fn proof(index: usize, size: usize, path: Vec<Hash>) -> ChallengeProof {
    ChallengeProof { index: index as u64, size: size as u64, path }
}

#[test]
fn every_nonce_of_every_small_tree_is_proven() {
    for size in (1..=20).chain([63, 64, 65, 1023, 1024]) {
        let nonces = nonces(size);
        let root = tree(&nonces);
        let step = if size > 100 { 97 } else { 1 };
        for index in (0..size).step_by(step) {
            let proof = proof(index, size, path(index, &nonces));
            assert_eq!(proof.root(&nonces[index]), Some(root), "{index} of {size}");
        }
    }
}

#[test]
fn a_proof_proves_its_own_nonce_and_no_other() {
    for size in 2..=20 {
        let nonces = nonces(size);
        let root = Some(tree(&nonces));
        for index in 0..size {
            let good = proof(index, size, path(index, &nonces));
            for (other, nonce) in nonces.iter().enumerate().filter(|(other, _)| *other != index) {
                assert_ne!(good.root(nonce), root, "{other} by the path of {index} of {size}");
            }
            for at in 0..good.path.len() {
                let mut altered = good.clone();
                altered.path[at][0] ^= 1;
                assert_ne!(altered.root(&nonces[index]), root);
                let mut shorter = good.clone();
                shorter.path.remove(at);
                assert_ne!(shorter.root(&nonces[index]), root);
            }
            let mut longer = good.clone();
            longer.path.push([0; 32]);
            assert_eq!(longer.root(&nonces[index]), None);
        }
    }
}

#[test]
fn an_inner_node_is_not_taken_for_a_nonce() {
    let nonces = nonces(2);
    let inner = [sha256(&[&[0], &nonces[0]]), sha256(&[&[0], &nonces[1]])].concat();
    assert_eq!(sha256(&[&[1], &inner]), tree(&nonces));
    assert_ne!(ChallengeProof::lone().root(&tree(&nonces)), Some(tree(&nonces)));
}

#[test]
fn proofs_out_of_bounds_prove_nothing() {
    let nonce = [7; 32];
    for wrong in [
        proof(0, 0, vec![]),
        proof(1, 1, vec![]),
        proof(0, 1, vec![[0; 32]]),
        proof(0, 2, vec![]),
        proof(0, 1025, vec![[0; 32]; 11]),
        proof(0, 1024, vec![[0; 32]; 11]),
        ChallengeProof { index: u64::MAX, size: u64::MAX, path: vec![[0; 32]; 10] },
        ChallengeProof { index: 0, size: u64::MAX, path: vec![[0; 32]; 64] },
    ] {
        assert_eq!(wrong.root(&nonce), None, "{wrong:?}");
    }
}
