// lprnn_dsp_cell - one DSP block: p <= c + w * a, with registers at the inputs and the product.
//
// Latency: 3 cycles from w_i and a_i, 1 cycle from c_i. The product register is exactly as wide
// as the product and nothing is reset. Yosys keeps the hierarchy, because 0.23 and 0.70 lose the sign
// extension of a C port when a cascade of such blocks is flattened; it is known by its macro or, where
// slang reads for it, by slang's.

`default_nettype none

`ifdef YOSYS
(* keep_hierarchy = "yes" *)
`elsif __slang__
(* keep_hierarchy = "yes" *)
`endif
module lprnn_dsp_cell #(
    parameter W_W = 25,  // bits of w_i
    parameter A_W = 18,  // bits of a_i
    parameter P_W = 48   // bits of c_i and p_o
) (
    input  wire                  clk,
    input  wire signed [W_W-1:0] w_i,
    input  wire signed [A_W-1:0] a_i,
    input  wire signed [P_W-1:0] c_i,
    output wire signed [P_W-1:0] p_o
);

    reg signed [W_W-1:0]     w_q;
    reg signed [A_W-1:0]     a_q;
    reg signed [W_W+A_W-1:0] product_q;
    reg signed [P_W-1:0]     p_q;

    always @(posedge clk) begin
        w_q       <= w_i;
        a_q       <= a_i;
        product_q <= w_q * a_q;
        p_q       <= c_i + {{(P_W-W_W-A_W+1){product_q[W_W+A_W-1]}}, product_q[W_W+A_W-2:0]};
    end

    assign p_o = p_q;

endmodule

`default_nettype wire
