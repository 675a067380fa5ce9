//! Names that can stand in Verilog, `SystemVerilog` and VHDL alike.

/// Longest name; with the suffixes of the generated modules it stays below every tool's limit
/// and below the 255 bytes of a file name.
pub const MAX_LENGTH: usize = 64;

/// A name that is safe as a module name in every tool that may read the sources.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Identifier(String);

/// Why a text is no [`Identifier`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentifierError {
    /// Nothing at all.
    #[error("the name is empty")]
    Empty,
    /// Longer than [`MAX_LENGTH`].
    #[error("the name has {0} characters, more than {MAX_LENGTH}")]
    TooLong(usize),
    /// A character that no identifier has there.
    #[error("{0:?} cannot stand at position {1} of an identifier")]
    Character(char, usize),
    /// Underscores where VHDL has none.
    #[error("VHDL has no name that ends in an underscore or has two in a row")]
    Underscores,
    /// A word of a language.
    #[error("`{0}` is a reserved word of {1}")]
    Reserved(String, &'static str),
    /// The prefix of the hand-written modules.
    #[error("names beginning with `lprnn_` belong to the modules of the library")]
    LibraryPrefix,
}

impl Identifier {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<&str> for Identifier {
    type Error = IdentifierError;

    fn try_from(text: &str) -> Result<Self, IdentifierError> {
        let length = text.chars().count();
        if length == 0 {
            return Err(IdentifierError::Empty);
        }
        if length > MAX_LENGTH {
            return Err(IdentifierError::TooLong(length));
        }
        let fits = |(position, letter): &(usize, char)| {
            letter.is_ascii_alphabetic()
                || (*position > 0 && (letter.is_ascii_digit() || *letter == '_'))
        };
        if let Some((position, letter)) = text.chars().enumerate().find(|at| !fits(at)) {
            return Err(IdentifierError::Character(letter, position + 1));
        }
        if text.ends_with('_') || text.contains("__") {
            return Err(IdentifierError::Underscores);
        }
        if let Some(language) = reserved_word(text) {
            return Err(IdentifierError::Reserved(text.to_string(), language));
        }
        if text.to_ascii_lowercase().starts_with("lprnn_") {
            return Err(IdentifierError::LibraryPrefix);
        }
        Ok(Self(text.to_string()))
    }
}

/// The language in which `word` is reserved, if there is one: Verilog, `SystemVerilog` or VHDL, whether
/// its letters are upper or lower case.
#[must_use]
pub fn reserved_word(word: &str) -> Option<&'static str> {
    // VHDL and Windows' file names do not tell upper from lower case.
    let lower = word.to_ascii_lowercase();
    let languages = [
        ("Verilog", VERILOG),
        ("SystemVerilog", SYSTEM_VERILOG),
        ("VHDL", VHDL),
    ];
    (languages.into_iter())
        .find(|(_, words)| words.split_whitespace().any(|word| word == lower))
        .map(|(language, _)| language)
}

/// The reserved words of Verilog-2005, or of what `SystemVerilog` adds to it, in no order.
pub fn verilog_words(system: bool) -> impl Iterator<Item = &'static str> {
    let words = if system { SYSTEM_VERILOG } else { VERILOG };
    words.split_whitespace()
}

impl std::fmt::Display for Identifier {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0)
    }
}

/// IEEE 1364-2005, annex B.
const VERILOG: &str = "always and assign automatic begin buf bufif0 bufif1 case casex casez cell \
    cmos config deassign default defparam design disable edge else end endcase endconfig \
    endfunction endgenerate endmodule endprimitive endspecify endtable endtask event for force \
    forever fork function generate genvar highz0 highz1 if ifnone incdir include initial inout \
    input instance integer join large liblist library localparam macromodule medium module nand \
    negedge nmos nor noshowcancelled not notif0 notif1 or output parameter pmos posedge primitive \
    pull0 pull1 pulldown pullup pulsestyle_onevent pulsestyle_ondetect rcmos real realtime reg \
    release repeat rnmos rpmos rtran rtranif0 rtranif1 scalared showcancelled signed small \
    specify specparam strong0 strong1 supply0 supply1 table task time tran tranif0 tranif1 tri \
    tri0 tri1 triand trior trireg unsigned use uwire vectored wait wand weak0 weak1 while wire \
    wor xnor xor";

/// Words that IEEE 1800-2012, annex B, adds; 1800-2017 and 1800-2023 reserve no further words.
const SYSTEM_VERILOG: &str = "accept_on alias always_comb always_ff always_latch assert assume \
    before bind bins binsof bit break byte chandle checker class clocking const constraint \
    context continue cover covergroup coverpoint cross dist do endchecker endclass endclocking \
    endgroup endinterface endpackage endprogram endproperty endsequence enum eventually expect \
    export extends extern final first_match foreach forkjoin global iff ignore_bins illegal_bins \
    implements implies import inside int interconnect interface intersect join_any join_none let \
    local logic longint matches modport nettype new nexttime null package packed priority program \
    property protected pure rand randc randcase randsequence ref reject_on restrict return s_always \
    s_eventually s_nexttime s_until s_until_with sequence shortint shortreal soft solve static \
    string strong struct super sync_accept_on sync_reject_on tagged this throughout timeprecision \
    timeunit type typedef union unique unique0 until until_with untyped var virtual void wait_order \
    weak wildcard with within";

/// IEEE 1076-2008, clause 15.10.
const VHDL: &str = "abs access after alias all and architecture array assert assume \
    assume_guarantee attribute begin block body buffer bus case component configuration constant \
    context cover default disconnect downto else elsif end entity exit fairness file for force \
    function generate generic group guarded if impure in inertial inout is label library linkage \
    literal loop map mod nand new next nor not null of on open or others out package parameter port \
    postponed procedure process property protected pure range record register reject release rem \
    report restrict restrict_guarantee return rol ror select sequence severity shared signal sla \
    sll sra srl strong subtype then to transport type unaffected units until use variable vmode \
    vprop vunit wait when while with xnor xor";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_names_pass() {
        for name in ["lstm", "a", "Lstm_4x4", &"a".repeat(MAX_LENGTH)] {
            assert_eq!(Identifier::try_from(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn everything_else_is_refused_with_its_reason() {
        for (name, why) in [
            ("", "empty"),
            (&*"a".repeat(65), "65 characters"),
            ("4bit", "position 1"),
            ("_x", "position 1"),
            ("a b", "position 2"),
            ("a$b", "position 2"),
            ("größe", "position 3"),
            ("x;endmodule", "position 2"),
            ("../x", "position 1"),
            ("a__b", "underscore"),
            ("a_", "underscore"),
            ("module", "word of Verilog"),
            ("Module", "word of Verilog"),
            ("logic", "word of SystemVerilog"),
            ("before", "word of SystemVerilog"),
            ("interconnect", "word of SystemVerilog"),
            ("signal", "word of VHDL"),
            ("Units", "word of VHDL"),
            ("restrict_guarantee", "word of VHDL"),
            ("lprnn_lane", "library"),
            ("LPRNN_lane", "library"),
        ] {
            let error = Identifier::try_from(name).unwrap_err().to_string();
            assert!(error.contains(why), "{name}: {error}");
        }
    }
}
