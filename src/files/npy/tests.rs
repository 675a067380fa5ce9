//! Tests of `npy.rs`.

use super::*;

#[test]
fn arrays_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npy");
    for shape in [vec![6], vec![2, 3], vec![1, 2, 3]] {
        let codes = vec![1, -2, 3, i32::MAX, i32::MIN, 0];
        write_i32(&path, &shape, &codes).unwrap();
        assert_eq!(
            read_i32(&path).unwrap(),
            Array {
                shape: shape.clone(),
                data: codes
            }
        );
        let values = vec![0.5, -1.25, 3e-9, 1e30, -0.0, 7.0];
        write_f32(&path, &shape, &values).unwrap();
        assert_eq!(
            read_f32(&path).unwrap(),
            Array {
                shape,
                data: values
            }
        );
    }
}

#[test]
fn every_cut_and_every_flipped_header_byte_is_an_error_or_the_same_length() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npy");
    write_f32(&path, &[2, 3], &[1.0; 6]).unwrap();
    let whole = std::fs::read(&path).unwrap();
    for length in 0..whole.len() {
        std::fs::write(&path, &whole[..length]).unwrap();
        assert!(read_f32(&path).is_err(), "{length} bytes were accepted");
    }
    for at in 0..128 {
        for bit in 0..8 {
            let mut damaged = whole.clone();
            damaged[at] ^= 1 << bit;
            std::fs::write(&path, &damaged).unwrap();
            if let Ok(array) = read_f32(&path) {
                assert_eq!(array.data.len(), 6);
            }
        }
    }
}

#[test]
fn a_huge_shape_is_refused_before_anything_is_allocated() {
    let text = "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999, 99999999999), }\n";
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend_from_slice(&(text.len() as u16).to_le_bytes());
    bytes.extend_from_slice(text.as_bytes());
    assert!(header(&bytes).is_err());
}
