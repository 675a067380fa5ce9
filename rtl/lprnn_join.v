// lprnn_join - puts the outputs of both directions of a step side by side.
//
//   forward h(t), BEATS beats --+
//                               +--> [ forward h(t) | backward h(t) ], 2*BEATS beats
//   backward h(t), BEATS beats -+
//
// TLAST and the fresh flag are those of the backward direction, in whose beats a step's last one is. A step is
// offered when both are there. Combinational, but for the place in the step.

`default_nettype none

module lprnn_join #(
    parameter BEATS = 4,  // beats of a step of one direction
    parameter WIDTH = 8   // bits of a beat
) (
    input  wire             clk,
    input  wire             rst,
    // forward
    input  wire             f_valid_i,
    output wire             f_ready_o,
    input  wire [WIDTH-1:0] f_data_i,
    // backward, its steps in the order of the output
    input  wire             b_valid_i,
    output wire             b_ready_o,
    input  wire [WIDTH-1:0] b_data_i,
    input  wire             b_last_i,
    input  wire             b_fresh_i,
    // both
    output wire             m_valid_o,
    input  wire             m_ready_i,
    output wire [WIDTH-1:0] m_data_o,
    output wire             m_last_o,
    output wire             m_fresh_o
);

    localparam BEAT_W = $clog2((BEATS > 1) ? BEATS : 2);

    localparam integer LAST_BEAT_INT = BEATS - 1;
    localparam [BEAT_W-1:0] LAST_BEAT = LAST_BEAT_INT[BEAT_W-1:0];

    reg [BEAT_W-1:0] beat_q;
    reg              second_q;  // the beats of the backward direction are being sent

    wire sent = m_valid_o & m_ready_i;

    always @(posedge clk) begin
        if (rst) begin
            beat_q   <= {BEAT_W{1'b0}};
            second_q <= 1'b0;
        end else if (sent) begin
            beat_q   <= (beat_q == LAST_BEAT) ? {BEAT_W{1'b0}} : beat_q + 1'b1;
            second_q <= (beat_q == LAST_BEAT) ^ second_q;
        end
    end

    assign m_valid_o = b_valid_i & (second_q | f_valid_i);
    assign f_ready_o = m_ready_i & b_valid_i & ~second_q;
    assign b_ready_o = m_ready_i & second_q;
    assign m_data_o  = second_q ? b_data_i : f_data_i;
    assign m_last_o  = second_q & b_last_i;
    assign m_fresh_o = b_fresh_i;

endmodule

`default_nettype wire
