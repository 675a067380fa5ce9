//! Hostile and damaged files are refused: nothing is executed, no memory filled, no panic.

use super::{bytes_error, fixture};
use crate::common::Random;
use lprnn_hw::import::{ImportOptions, read_bytes};
use std::io::Write;

/// A zip archive of stored files, as `torch.save` writes it.
fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = rawzip::ZipArchiveWriter::new(&mut bytes);
    for (name, contents) in files {
        let (mut entry, config) = writer.new_file(name).start().unwrap();
        let mut data = config.wrap(&mut entry);
        data.write_all(contents).unwrap();
        let (_, descriptor) = data.finish().unwrap();
        entry.finish(descriptor).unwrap();
    }
    writer.finish().unwrap();
    bytes
}

#[test]
fn a_hostile_pickle_is_refused_and_not_executed() {
    let attack = b"\x80\x02cposix\nsystem\n(X\x04\x00\x00\x00truetR.";
    let message = bytes_error(&archive(&[("m/data.pkl", attack)]));
    assert!(
        message.starts_with("m/data.pkl would call posix.system, which no model does"),
        "{message}"
    );
    let attack = b"\x80\x02}X\x01\x00\x00\x00ac__builtin__\neval\nX\x01\x00\x00\x001\x85Rs.";
    let message = bytes_error(&archive(&[("m/data.pkl", attack)]));
    assert!(message.contains("would call __builtin__.eval"), "{message}");
}

/// `{"a": tensor of `shape` and `strides` on storage 0}`.
fn tensor(shape: u32, stride: u32) -> Vec<u8> {
    let mut pickle = b"\x80\x02}X\x01\x00\x00\x00actorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x04tQK\x00J".to_vec();
    pickle.extend(shape.to_le_bytes());
    pickle.extend(b"\x85J");
    pickle.extend(stride.to_le_bytes());
    pickle.extend(b"\x85\x89}tRs.");
    pickle
}

#[test]
fn what_unpacks_to_far_more_than_the_file_is_refused() {
    let zeros = vec![0; 32 << 20];
    let mut bytes = Vec::new();
    let mut writer = rawzip::ZipArchiveWriter::new(&mut bytes);
    let new = writer.new_file("m/data.pkl");
    let method = rawzip::CompressionMethod::DEFLATE;
    let (mut entry, config) = new.compression_method(method).start().unwrap();
    let packer = flate2::write::DeflateEncoder::new(&mut entry, flate2::Compression::best());
    let mut data = config.wrap(packer);
    data.write_all(&zeros).unwrap();
    let (packer, descriptor) = data.finish().unwrap();
    packer.finish().unwrap();
    entry.finish(descriptor).unwrap();
    writer.finish().unwrap();
    assert!(bytes.len() < 64 << 10, "{}", bytes.len());
    let message = bytes_error(&bytes);
    assert!(
        message.contains("m/data.pkl would unpack to 33554432 bytes"),
        "{message}"
    );
}

#[test]
fn shapes_beyond_the_file_are_refused() {
    let read = |shape, stride| {
        let pickle = tensor(shape, stride);
        bytes_error(&archive(&[("m/data.pkl", &pickle), ("m/data/0", &[0; 16])]))
    };
    assert!(
        read(4, 1).starts_with("no LSTM or GRU found"),
        "{}",
        read(4, 1)
    );
    for (shape, stride) in [(5, 1), (0x7fff_ffff, 1), (2, 4), (3, 0x7fff_ffff)] {
        let message = read(shape, stride);
        assert!(
            message.contains("which is more than m/data/0 holds"),
            "{message}"
        );
    }
    let message = read(0x7fff_ffff, 0);
    assert!(
        message.contains("repeats elements far more often"),
        "{message}"
    );
}

/// Damage anywhere is an error, or makes another model, and never a panic.
#[test]
fn damaged_files_are_refused() {
    for file in [
        "classifier.pt",
        "parametrised.safetensors",
        "lightning.ckpt",
    ] {
        let bytes = std::fs::read(fixture(file)).unwrap();
        for length in (0..bytes.len()).step_by(7) {
            let cut = read_bytes(&bytes[..length], &ImportOptions::default());
            assert!(cut.is_err(), "{file} cut to {length}");
        }
        let mut random = Random(5);
        for _ in 0..2000 {
            let mut bytes = bytes.clone();
            for _ in 0..=random.word() % 4 {
                let at = random.word() as usize % bytes.len();
                bytes[at] = random.word() as u8;
            }
            let _ = read_bytes(&bytes, &ImportOptions::default());
        }
    }
}
