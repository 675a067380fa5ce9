// lprnn_lane_dense - the data path of one row of a dense layer: its sum, or a code of it.
//
//   phase 0  subtract what the accumulator was at the end of the group before
//         1  add the bias
//         2  requantise; a code below zero becomes zero with RELU
//         3  y_o
//
// lprnn_lane_control has the phases of all lanes. A SHIFT of 0 and an OUT_W that holds every sum give the sum
// itself. The bias has half of the last bit that is kept, where OUT_W drops any and the code is even. With ODD
// the code is odd and comes without its last bit: of that, zero stands for the odd code of zero, 1.

`default_nettype none

module lprnn_lane_dense #(
    parameter ACC_W = 20,  // bits of an accumulator
    parameter SHIFT = 8,   // fraction bits dropped from it
    parameter OUT_W = 8,   // bits of the output
    parameter ODD   = 0,   // 1: the output is odd, of OUT_W bits and a last one that is left out
    parameter RELU  = 0    // 1: sums below zero count as zero
) (
    input  wire             clk,
    input  wire             rst,
    input  wire             take_i,  // phase 0: the accumulator is this group's
    input  wire [ACC_W-1:0] acc_i,
    input  wire [ACC_W-1:0] bias_i,  // phase 1
    output wire [OUT_W-1:0] y_o      // phase 3
);

    generate
        if (SHIFT < 0) begin : gen_param_check
            error_lprnn_lane_dense_illegal_format u_illegal_parameters ();
        end
    endgenerate

    reg [ACC_W-1:0] before_q;  // the accumulator at the end of the last group that was taken
    reg [ACC_W-1:0] diff_q;
    reg [ACC_W-1:0] sum_q;
    reg [OUT_W-1:0] y_q;

    wire [OUT_W-1:0] code;

    lprnn_requant #(
        .IN_W       (ACC_W),
        .OUT_W      (OUT_W),
        .SHIFT      (SHIFT),
        .HALF_ADDED (1),
        .ODD        (ODD)
    ) u_requant (
        .value_i (sum_q),
        .code_o  (code)
    );

    wire negative = (RELU != 0) & code[OUT_W-1];

    always @(posedge clk) begin
        diff_q <= acc_i - before_q;
        sum_q  <= diff_q + bias_i;
        y_q    <= negative ? {OUT_W{1'b0}} : code;
        if (rst) begin
            before_q <= {ACC_W{1'b0}};
        end else if (take_i) begin
            before_q <= acc_i;
        end
    end

    assign y_o = y_q;

endmodule

`default_nettype wire
