// lprnn_turn - says whose turn it is: the number of the sequence that the block belongs to.
//
//   step_end_i: 0 -> 1 -> ... -> CONTEXTS-1 -> 0
//
// Steps of CONTEXTS sequences come in turn, from sequence 0 on after rst. The number changes in the cycle
// after the start of a step's last block.

`default_nettype none

module lprnn_turn #(
    parameter CONTEXTS = 2  // sequences, 2 or more
) (
    input  wire                        clk,
    input  wire                        rst,
    input  wire                        step_end_i,  // a step's last block starts
    output wire [$clog2(CONTEXTS)-1:0] context_o
);

    localparam CONTEXT_W = $clog2(CONTEXTS);

    localparam integer LAST_INT = CONTEXTS - 1;
    localparam [CONTEXT_W-1:0] LAST = LAST_INT[CONTEXT_W-1:0];

    generate
        if (CONTEXTS < 2) begin : gen_param_check
            error_lprnn_turn_of_one u_illegal_parameters ();
        end
    endgenerate

    reg [CONTEXT_W-1:0] context_q;

    always @(posedge clk) begin
        if (rst) begin
            context_q <= {CONTEXT_W{1'b0}};
        end else if (step_end_i) begin
            context_q <= (context_q == LAST) ? {CONTEXT_W{1'b0}} : context_q + 1'b1;
        end
    end

    assign context_o = context_q;

endmodule

`default_nettype wire
