// lprnn_requant - drop SHIFT fraction bits, round to nearest even, saturate.
//
//   value_i  | integer ....... | kept fraction | SHIFT dropped |
//             <---------------- IN_W ------------------------->
//   code_o                | sat | <-- OUT_W --> |
//
// The only place in the design where bits are dropped. Combinational.
//
// HALF_ADDED says that 2^(SHIFT-1) is already in value_i (folded into a bias or into the
// constant of a multiply-accumulate): rounding then needs no adder, only the tie must be
// sent back to the even neighbour. SHIFT <= 0 is an exact left shift.
//
// ODD gives the nearest odd code instead, floor(value / 2^SHIFT) with its last bit set: code_o is that code
// without its last bit, which needs no rounding. HALF_ADDED does not matter then, and value_i has no half.

`default_nettype none

module lprnn_requant #(
    parameter IN_W       = 20,  // bits of value_i, two's complement
    parameter OUT_W      = 8,   // bits of code_o
    parameter SHIFT      = 6,   // fraction bits dropped; negative: bits appended
    parameter HALF_ADDED = 0,   // 1: value_i already contains half of the last kept bit
    parameter ODD        = 0    // 1: code_o is an odd code without its last bit
) (
    input  wire signed [IN_W-1:0] value_i,
    output wire [OUT_W-1:0]       code_o
);

    // Work on a value that is wide enough for every case of SHIFT, IN_W and OUT_W.
    localparam BELOW = SHIFT + ((ODD != 0) ? 1 : 0);  // bits below code_o
    localparam DROP  = (BELOW > 0) ? BELOW : 0;
    localparam GROW  = (BELOW < 0) ? -BELOW : 0;
    localparam EXT_W = IN_W + GROW + DROP + OUT_W + 1;
    localparam TOP_W = EXT_W - DROP;  // bits left after the drop

    wire signed [EXT_W-1:0] extended = {{(EXT_W-IN_W){value_i[IN_W-1]}}, value_i};
    wire [EXT_W-1:0]        scaled   = extended << GROW;

    generate
        if (IN_W < 1 || OUT_W < 1) begin : gen_param_check
            error_lprnn_requant_widths_below_one u_illegal_parameters ();
        end
    endgenerate

    wire [TOP_W-1:0] rounded;

    localparam ROUNDING = (DROP == 0 || ODD != 0) ? 0 : (HALF_ADDED != 0) ? 1 : 2;

    generate
        case (ROUNDING)
            0: begin : gen_cut
                assign rounded = scaled[EXT_W-1:DROP];
            end
            1: begin : gen_half_added
                // An exact tie plus half leaves no fraction: the kept value is then one above the
                // lower neighbour, and even only if its last bit is cleared.
                wire tie = ~|scaled[DROP-1:0];
                assign rounded = {scaled[EXT_W-1:DROP+1], scaled[DROP] & ~tie};
            end
            default: begin : gen_round
                // Up when above the half, or exactly half and odd.
                wire guard    = scaled[DROP-1];
                wire sticky   = |(scaled[DROP-1:0] & ~({{(DROP-1){1'b0}}, 1'b1} << (DROP-1)));
                wire round_up = guard & (sticky | scaled[DROP]);
                assign rounded = scaled[EXT_W-1:DROP] + {{(TOP_W-1){1'b0}}, round_up};
            end
        endcase
    endgenerate

    // Saturate when the discarded integer bits are not all copies of the sign.
    wire                 sign     = rounded[TOP_W-1];
    wire [TOP_W-OUT_W:0] high     = rounded[TOP_W-1:OUT_W-1];
    wire                 overflow = (|high) & ~(&high);
    wire [OUT_W:0]       limit    = {sign, {OUT_W{~sign}}} >> 1;
    assign code_o = overflow ? limit[OUT_W-1:0] : rounded[OUT_W-1:0];

endmodule

`default_nettype wire
