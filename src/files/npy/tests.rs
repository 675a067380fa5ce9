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

#[test]
fn arrays_of_an_archive_are_found_by_name() {
    // numpy.savez(.., x=float32 [2, 1], y=int64 [2]) in its own layout: stored files, one after the other.
    let folder = tempfile::tempdir().unwrap();
    let member = |name: &str, fill: &dyn Fn(&Path)| {
        let path = folder.path().join(name);
        fill(&path);
        std::fs::read(path).unwrap()
    };
    let x = member("x.npy", &|path| {
        write_f32(path, &[2, 1], &[0.5, 2.0]).unwrap();
    });
    let y = member("y.npy", &|path| write_i64(path, &[2], &[1, -3]).unwrap());
    let both = folder.path().join("set.npz");
    std::fs::write(&both, stored(&[("x.npy", &x), ("y.npy", &y)])).unwrap();
    assert_eq!(read_f32(&both).unwrap().data, [0.5, 2.0]);
    let read = |path: &str, usual: &str| {
        let bytes = load(&folder.path().join(path), usual)?;
        parse_real(&bytes).map(|array| array.data)
    };
    assert_eq!(read("set.npz", "y").unwrap(), [1.0, -3.0]);
    assert_eq!(read("set.npz:y", "x").unwrap(), [1.0, -3.0]);
    let problem = read("set.npz:z", "x").unwrap_err();
    assert!(problem.what.contains("has no array z") && problem.notes == ["x", "y"]);
    assert!(read("set.npz", "lengths").is_err());
    std::fs::write(folder.path().join("one.npz"), stored(&[("arr_0.npy", &y)])).unwrap();
    assert_eq!(read("one.npz", "x").unwrap(), [1.0, -3.0]);
    let cut = stored(&[("x.npy", &x)]);
    std::fs::write(folder.path().join("cut.npz"), &cut[..cut.len() - 30]).unwrap();
    assert!(read("cut.npz", "x").is_err());
}

/// A zip archive of stored files.
fn stored(files: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut bytes, mut table) = (Vec::new(), Vec::new());
    for (name, data) in files {
        let mut crc = flate2::Crc::new();
        crc.update(data);
        let mut common = vec![20u8, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        common.extend(crc.sum().to_le_bytes());
        common.extend((data.len() as u32).to_le_bytes());
        common.extend((data.len() as u32).to_le_bytes());
        common.extend((name.len() as u16).to_le_bytes());
        common.extend([0, 0]);
        table.extend(b"PK\x01\x02\x14\x00");
        table.extend(&common);
        table.extend([0; 10]);
        table.extend((bytes.len() as u32).to_le_bytes());
        table.extend(name.as_bytes());
        bytes.extend(b"PK\x03\x04");
        bytes.extend(&common);
        bytes.extend(name.as_bytes());
        bytes.extend(*data);
    }
    let start = bytes.len() as u32;
    bytes.extend(&table);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend([files.len() as u8, 0, files.len() as u8, 0]);
    bytes.extend((table.len() as u32).to_le_bytes());
    bytes.extend(start.to_le_bytes());
    bytes.extend([0, 0]);
    bytes
}
