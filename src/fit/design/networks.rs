//! Designs of the series whose layers take steps backward, and such with dense layers before the recurrent ones.

/// Seed of the first design with a pass backward.
pub(super) const FIRST_DIRECTION: u64 = 10_000;

/// Backward and bidirectional layers, with memories of sequences in LUTs and in blocks, answers at every step and
/// to whole sequences: the columns of the table from `family` to `mac`.
pub(super) const DIRECTIONS: [&str; 20] = [
    "xc7,12,both8:16,4,4,4,8,8,16,1,4,lut",
    "ecp5,12,both8:16>6al,4,4,4,8,8,16,1,4,lut",
    "xcup,16,back64:g16,4,4,4,8,8,16,1,4,lut",
    "ice40,8,both8:8,2,2,2,8,8,16,1,4,lut",
    "xc7,16,both128:g24,o2,o2,o2,8,8,16,1,6,lut",
    "ecp5,8,back256:16,3,3,3,8,8,16,1,4,lut",
    "xcup,12,both32:24>10al,3,4,4,8,8,16,2,4,lut",
    "ice40,8,back128:16,4,4,4,8,8,16,1,4,lut",
    // Held out.
    "xc7,8,back16:12,2,4,4,8,8,16,1,4,lut",
    "ecp5,16,both64:g16,o2,o2,o2,8,8,16,1,4,lut",
    "xcup,8,both512:8,3,3,3,8,8,16,1,4,lut",
    "ice40,6,both16:12>4al,3,3,3,8,8,16,1,2,lut",
    "xc7,20,both64:32>12al,2,2,2,8,8,16,2,8,lut",
    "ecp5,10,both16:20,4,4,4,8,8,16,2,5,lut",
    "xcup,16,both24:16+16,4,4,4,8,8,16,1,4,lut",
    "ice40,12,both64:g12,4,4,4,8,8,16,1,3,lut",
    "xc7,10,both512:g16>5sl,o3,o3,o3,8,8,16,1,4,lut",
    "ecp5,6,back32:8+10,3,4,4,8,8,16,1,2,lut",
    "xcup,24,back16:32,o3,o3,o3,8,8,16,1,8,lut",
    "ice40,16,back512:8,o2,o2,o2,8,8,16,1,4,lut",
];

/// Of these of the fit, the first of the list.
pub(super) const FITTED_DIRECTIONS: u64 = 8;

/// Seed of the first design with a dense layer before the recurrent ones.
pub(super) const FIRST_FRONT: u64 = 10_500;

/// Dense layers before the recurrent ones, alone and behind an embedding, with `ReLU` and without; written as
/// [`DIRECTIONS`].
pub(super) const FRONTS: [&str; 10] = [
    "xc7,20>12r4,16,4,4,4,8,8,16,1,4,lut",
    "ecp5,10>8r4,g12,4,4,4,8,8,16,1,4,lut",
    "xcup,30>16c4>12r4,20,3,4,4,8,8,16,2,4,lut",
    "ice40,8>8r4,10,4,4,4,8,8,16,1,4,lut",
    // Held out.
    "xc7,16>24r5,g20>5al,4,4,4,8,8,16,2,4,lut",
    "ecp5,24>10c4,24,2,4,4,8,8,16,2,4,lut",
    "xcup,50:12>16r4,16>8s,4,4,4,8,8,16,1,4,lut",
    "ice40,12>6c3,12,o3,o3,o3,8,8,16,1,3,lut",
    "xc7,12>10r3,both16:12,3,3,3,8,8,16,1,4,lut",
    "ecp5,20>16r2>8r2,g16,o2,o2,o2,8,8,16,1,4,lut",
];

/// Of these of the fit, the first of the list.
pub(super) const FITTED_FRONTS: u64 = 4;
