// lprnn_accumulator - aligns one row's block sums and adds them up, never cleared.
//
//   input block:      sum << SHIFT_X  |
//   recurrent block:  sum << SHIFT_H  | + 2^LSB -> acc_o, modulo 2^ACC_W
//
// The lane takes differences between successive group ends, so nothing is cleared between
// groups and only the difference must fit ACC_W. acc - ~x is acc + x + 1: selection and
// addition share one LUT a bit, and the constant goes into the bias. Latency: 1 cycle.

`default_nettype none

module lprnn_accumulator #(
    parameter SUM_W   = 14,  // bits of sum_i
    parameter ACC_W   = 20,  // bits of acc_o
    parameter SHIFT_X = 0,   // alignment of an input block's sum
    parameter SHIFT_H = 0    // alignment of a recurrent block's sum
) (
    input  wire                    clk,
    input  wire                    rst,
    input  wire                    enable_i,
    input  wire                    recurrent_i,
    input  wire signed [SUM_W-1:0] sum_i,
    output wire [ACC_W-1:0]        acc_o
);

    localparam LSB    = (SHIFT_X < SHIFT_H) ? SHIFT_X : SHIFT_H;  // below it nothing ever changes
    localparam KEEP_W = ACC_W - LSB;
    localparam WIDE_W = ACC_W + SUM_W;

    generate
        if (LSB >= ACC_W) begin : gen_param_check
            error_lprnn_accumulator_shift_beyond_width u_illegal_parameters ();
        end
    endgenerate

    wire [WIDE_W-1:0] sum = {{(WIDE_W-SUM_W){sum_i[SUM_W-1]}}, sum_i};
    wire [WIDE_W-1:0] input_sum     = sum << (SHIFT_X - LSB);
    wire [WIDE_W-1:0] recurrent_sum = sum << (SHIFT_H - LSB);
    wire [KEEP_W-1:0] addend = recurrent_i ? recurrent_sum[KEEP_W-1:0] : input_sum[KEEP_W-1:0];

    reg [KEEP_W-1:0] acc_q;

    always @(posedge clk) begin
        if (rst) begin
            acc_q <= {KEEP_W{1'b0}};
        end else if (enable_i) begin
            acc_q <= acc_q - ~addend;
        end
    end

    generate
        if (LSB > 0) begin : gen_low_zeros
            assign acc_o = {acc_q, {LSB{1'b0}}};
        end else begin : gen_all
            assign acc_o = acc_q;
        end
    endgenerate

endmodule

`default_nettype wire
