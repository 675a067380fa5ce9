// lprnn_cut - ends every sequence after STEPS steps at the latest.
//
//   TLAST of a beat -> TLAST, of the last beat of step STEPS of a sequence always
//
// What a core can hold is a sequence of STEPS steps: a longer one goes on as another sequence, and cut_o is high
// from then on until reset. TLAST means something at the last beat of a step only. Combinational.

`default_nettype none

module lprnn_cut #(
    parameter STEPS = 64,  // steps of the longest sequence
    parameter BEATS = 4    // beats of a step
) (
    input  wire clk,
    input  wire rst,
    input  wire accept_i,  // a beat is accepted
    input  wire last_i,    // its TLAST
    output wire last_o,
    output wire cut_o      // a sequence was longer
);

    localparam BEAT_W = $clog2((BEATS > 1) ? BEATS : 2);
    localparam STEP_W = $clog2((STEPS > 1) ? STEPS : 2);

    localparam integer LAST_BEAT_INT = BEATS - 1;
    localparam [BEAT_W-1:0] LAST_BEAT = LAST_BEAT_INT[BEAT_W-1:0];
    localparam integer LAST_STEP_INT = STEPS - 1;
    localparam [STEP_W-1:0] LAST_STEP = LAST_STEP_INT[STEP_W-1:0];

    reg [BEAT_W-1:0] beat_q;
    reg [STEP_W-1:0] step_q;
    reg              cut_q;

    wire step_end = accept_i & (beat_q == LAST_BEAT);
    wire longest  = (step_q == LAST_STEP);

    always @(posedge clk) begin
        if (rst) begin
            beat_q <= {BEAT_W{1'b0}};
            step_q <= {STEP_W{1'b0}};
            cut_q  <= 1'b0;
        end else begin
            if (accept_i) begin
                beat_q <= step_end ? {BEAT_W{1'b0}} : beat_q + 1'b1;
            end
            if (step_end) begin
                step_q <= last_o ? {STEP_W{1'b0}} : step_q + 1'b1;
            end
            cut_q <= cut_q | (step_end & longest & ~last_i);
        end
    end

    assign last_o = last_i | longest;
    assign cut_o  = cut_q;

endmodule

`default_nettype wire
