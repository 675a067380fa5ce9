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
// sent back to the even neighbour. SHIFT <= 0 is an exact left shift. OUT_W = 1 has the codes
// -1 and +1, stored as 0 and 1: the result is the sign of value_i, +1 for zero.

`default_nettype none

module lprnn_requant #(
    parameter IN_W       = 20,  // bits of value_i, two's complement
    parameter OUT_W      = 8,   // bits of code_o
    parameter SHIFT      = 6,   // fraction bits dropped; negative: bits appended
    parameter HALF_ADDED = 0    // 1: value_i already contains half of the last kept bit
) (
    input  wire signed [IN_W-1:0] value_i,
    output wire [OUT_W-1:0]       code_o
);

    // Work on a value that is wide enough for every case of SHIFT, IN_W and OUT_W.
    localparam DROP  = (SHIFT > 0) ? SHIFT : 0;
    localparam GROW  = (SHIFT < 0) ? -SHIFT : 0;
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

    localparam ROUNDING = (DROP == 0) ? 0 : (HALF_ADDED != 0) ? 1 : 2;

    generate
        case (ROUNDING)
            0: begin : gen_exact
                assign rounded = scaled;
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

        if (OUT_W == 1) begin : gen_sign
            assign code_o = ~value_i[IN_W-1];
        end else begin : gen_saturate
            // Saturate when the discarded integer bits are not all copies of the sign.
            wire                   sign     = rounded[TOP_W-1];
            wire [TOP_W-OUT_W:0]   high     = rounded[TOP_W-1:OUT_W-1];
            wire                   overflow = (|high) & ~(&high);
            assign code_o = overflow ? {sign, {(OUT_W-1){~sign}}} : rounded[OUT_W-1:0];
        end
    endgenerate

endmodule

`default_nettype wire
