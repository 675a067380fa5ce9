// lprnn_state_policy - says for every step of the input stream whether it starts from zero state.
//
//   POLICY 0  never   only the first step after reset
//          1  tlast   the step after one whose last beat carried TLAST
//          2  pulse   the first step whose first beat is accepted with or after clear_i
//          3  window  every WINDOW steps
//
// The first step after reset always does. fresh_o is valid with the first beat of a step.
//
// With CONTEXTS sequences in turn, "first", "after" and "every" are of each of them: the step after one is
// CONTEXTS steps later. A pulse is for the next step that is accepted, whosever it is.

`default_nettype none

module lprnn_state_policy #(
    parameter POLICY   = 1,   // see above
    parameter WINDOW   = 16,  // steps of a window
    parameter BEATS    = 64,  // beats of a step
    parameter CONTEXTS = 1    // sequences whose steps come in turn
) (
    input  wire clk,
    input  wire rst,
    input  wire clear_i,
    input  wire accept_i,  // a beat is accepted
    input  wire last_i,    // with TLAST
    output wire fresh_o
);

    localparam BEAT_W   = $clog2((BEATS > 1) ? BEATS : 2);
    localparam WINDOW_W = $clog2((WINDOW > 1) ? WINDOW : 2);

    localparam integer LAST_BEAT_INT = BEATS - 1;
    localparam [BEAT_W-1:0] LAST_BEAT = LAST_BEAT_INT[BEAT_W-1:0];
    localparam integer LAST_STEP_INT = WINDOW - 1;
    localparam [WINDOW_W-1:0] LAST_STEP = LAST_STEP_INT[WINDOW_W-1:0];

    reg [BEAT_W-1:0]   beat_q;
    reg [WINDOW_W-1:0] step_q;     // of the window
    reg                pending_q;  // the next step starts from zero

    wire first_beat = (beat_q == {BEAT_W{1'b0}});
    wire last_beat  = (beat_q == LAST_BEAT);
    wire step_done  = accept_i & last_beat;
    wire pulse      = (POLICY == 2) & clear_i;
    wire round_done;  // all sequences have had a step
    wire renew;       // a step to come starts from zero

    always @(posedge clk) begin
        if (rst) begin
            beat_q    <= {BEAT_W{1'b0}};
            step_q    <= {WINDOW_W{1'b0}};
            pending_q <= (CONTEXTS == 1);
        end else begin
            if (accept_i) begin
                beat_q <= last_beat ? {BEAT_W{1'b0}} : beat_q + 1'b1;
            end
            if (round_done) begin
                step_q <= (step_q == LAST_STEP) ? {WINDOW_W{1'b0}} : step_q + 1'b1;
            end
            // A first beat uses the flag up; a step of one beat may set it again at once.
            pending_q <= renew | (pending_q & ~(accept_i & first_beat));
        end
    end

    generate
        if (CONTEXTS > 1) begin : gen_contexts
            localparam TURN_W = $clog2(CONTEXTS);
            localparam integer LAST_TURN_INT = CONTEXTS - 1;
            localparam [TURN_W-1:0] LAST_TURN = LAST_TURN_INT[TURN_W-1:0];

            reg [TURN_W-1:0]   turn_q;   // the sequence that the step is of
            reg [CONTEXTS-1:0] fresh_q;  // the next step of each starts from zero, this one's lowest

            wire again = (POLICY == 1) ? last_i : (POLICY == 3) & (step_q == LAST_STEP);

            always @(posedge clk) begin
                if (rst) begin
                    turn_q  <= {TURN_W{1'b0}};
                    fresh_q <= {CONTEXTS{1'b1}};
                end else if (step_done) begin
                    turn_q  <= (turn_q == LAST_TURN) ? {TURN_W{1'b0}} : turn_q + 1'b1;
                    fresh_q <= {again, fresh_q[CONTEXTS-1:1]};
                end
            end

            assign round_done = step_done & (turn_q == LAST_TURN);
            assign renew      = pulse & ~(accept_i & first_beat);
            assign fresh_o    = fresh_q[0] | pending_q | pulse;
        end else begin : gen_one_context
            assign round_done = step_done;
            assign renew      = (POLICY == 1) ? step_done & last_i
                              : (POLICY == 3) ? step_done & (step_q == LAST_STEP)
                                              : pulse & ~(accept_i & first_beat);
            assign fresh_o    = pending_q | pulse;
        end
    endgenerate

endmodule

`default_nettype wire
