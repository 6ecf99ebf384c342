//! The ciphers and hashes that personal data is sealed and found by, against Wycheproof's vectors.
#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

use aes_gcm_siv::aead::{Aead, Payload};
use aes_gcm_siv::{Aes256GcmSiv, KeyInit};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use takings_core::privacy::{Key, open, seal};
use wycheproof::{TestResult, aead, hkdf as kdf, mac};

#[test]
fn sealing_is_aes_256_gcm_siv() {
    let set = aead::TestSet::load(aead::TestName::AesGcmSiv).unwrap();
    let (mut valid, mut invalid) = (0, 0);
    for group in set.test_groups.iter().filter(|group| group.key_size == 256) {
        for test in &group.tests {
            let key = Key::read(&test.key).unwrap();
            let nonce: [u8; 12] = test.nonce.as_ref().try_into().unwrap();
            let stored = [&[1], test.nonce.as_ref(), test.ct.as_ref(), test.tag.as_ref()].concat();
            let opened = open(&key, &test.aad, &stored);
            if test.result == TestResult::Invalid {
                assert!(opened.is_err(), "vector {}: {}", test.tc_id, test.comment);
                invalid += 1;
            } else {
                assert_eq!(opened.unwrap().as_slice(), test.pt.as_ref(), "vector {}", test.tc_id);
                assert_eq!(seal(&key, nonce, &test.aad, &test.pt), stored, "vector {}", test.tc_id);
                valid += 1;
            }
        }
    }
    println!("AES-256-GCM-SIV: {valid} valid and {invalid} invalid vectors");
    assert!(valid > 50 && invalid > 20, "{valid} {invalid}");
}

/// RFC 8452, appendix C.2: one of the vectors with associated data.
#[test]
fn the_standards_own_vector_is_met() {
    let mut key = [0; 32];
    key[0] = 1;
    let mut nonce = [0; 12];
    nonce[0] = 3;
    let payload = Payload { msg: &hex::decode("0200000000000000").unwrap(), aad: &[1] };
    let sealed = Aes256GcmSiv::new(&key.into()).encrypt(&nonce.into(), payload).unwrap();
    assert_eq!(hex::encode(sealed), "1de22967237a813291213f267e3b452f02d01ae33e4ec854");
}

#[test]
fn indexes_are_hmac_sha_256() {
    let set = mac::TestSet::load(mac::TestName::HmacSha256).unwrap();
    let (mut valid, mut invalid) = (0, 0);
    for group in &set.test_groups {
        for test in &group.tests {
            let mut mac = Hmac::<Sha256>::new_from_slice(&test.key).unwrap();
            mac.update(&test.msg);
            let whole = mac.finalize().into_bytes();
            let fits = whole[..group.tag_size / 8] == *test.tag.as_ref();
            assert_eq!(fits, test.result != TestResult::Invalid, "vector {}", test.tc_id);
            if fits { valid += 1 } else { invalid += 1 }
        }
    }
    println!("HMAC-SHA256: {valid} valid and {invalid} invalid vectors");
    assert!(valid > 50 && invalid > 50, "{valid} {invalid}");
}

#[test]
fn keys_are_derived_by_hkdf_sha_256() {
    let set = kdf::TestSet::load(kdf::TestName::HkdfSha256).unwrap();
    let (mut valid, mut invalid) = (0, 0);
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let mut derived = vec![0; test.size];
        let expanded =
            Hkdf::<Sha256>::new(Some(&test.salt), &test.ikm).expand(&test.info, &mut derived);
        if test.result == TestResult::Invalid {
            assert!(expanded.is_err(), "vector {}", test.tc_id);
            invalid += 1;
        } else {
            assert!(expanded.is_ok() && derived == test.okm.as_ref(), "vector {}", test.tc_id);
            valid += 1;
        }
    }
    println!("HKDF-SHA256: {valid} valid and {invalid} invalid vectors");
    assert!(valid > 50 && invalid > 0, "{valid} {invalid}");
}
