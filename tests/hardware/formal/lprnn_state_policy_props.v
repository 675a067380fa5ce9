// Proved of lprnn_state_policy, for all time, with 3 beats a step and windows of 3 steps, one context and
// two, all policies at once: with the first beat of a step, fresh_o says what the policy's sentence says. Clears, beats,
// TLAST and resets come at any time.
//
//   never   only the first step after reset
//   tlast   also after a step whose last beat carried TLAST
//   pulse   also when clear_i was high in the cycle of this step's first beat, or in any cycle after the
//           first beat of the step before was accepted
//   window  also when a multiple of 3 steps lies between it and the reset
//
// where steps are those of its own context, but for the pulse's.

`default_nettype none

module props #(
    parameter CONTEXTS = 1
) (
    input wire clk,
    input wire rst,
    input wire clear,
    input wire accept,
    input wire last
);

    wire never, tlast, pulse, window;

    lprnn_state_policy #(.POLICY(0), .WINDOW(3), .BEATS(3), .CONTEXTS(CONTEXTS)) u_never
        (.clk(clk), .rst(rst), .clear_i(clear), .accept_i(accept), .last_i(last), .fresh_o(never));
    lprnn_state_policy #(.POLICY(1), .WINDOW(3), .BEATS(3), .CONTEXTS(CONTEXTS)) u_tlast
        (.clk(clk), .rst(rst), .clear_i(clear), .accept_i(accept), .last_i(last), .fresh_o(tlast));
    lprnn_state_policy #(.POLICY(2), .WINDOW(3), .BEATS(3), .CONTEXTS(CONTEXTS)) u_pulse
        (.clk(clk), .rst(rst), .clear_i(clear), .accept_i(accept), .last_i(last), .fresh_o(pulse));
    lprnn_state_policy #(.POLICY(3), .WINDOW(3), .BEATS(3), .CONTEXTS(CONTEXTS)) u_window
        (.clk(clk), .rst(rst), .clear_i(clear), .accept_i(accept), .last_i(last), .fresh_o(window));

    reg       running;      // a reset has been
    reg [2:0] place;        // one-hot: the beat that is next
    reg       turn;         // the context
    reg [1:0] virgin;       // of each context: no step has begun since reset
    reg [1:0] ended;        // and the step before carried TLAST
    reg       asked;        // a clear since the first beat of the step before
    reg [2:0] phase;        // one-hot: steps of each since reset, modulo 3
    initial running = 1'b0;

    always @(posedge clk) begin
        if (rst) begin
            running <= 1'b1;
            place   <= 3'b001;
            turn    <= 1'b0;
            virgin  <= 2'b11;
            ended   <= 2'b00;
            asked   <= 1'b0;
            phase   <= 3'b001;
        end else begin
            asked <= (asked | clear) & ~(accept & place[0]);
            if (accept) begin
                place <= {place[1:0], place[2]};
                if (place[0]) begin
                    virgin[turn] <= 1'b0;
                end
                if (place[2]) begin
                    ended[turn] <= last;
                    turn        <= (CONTEXTS == 2) & ~turn;
                    if (CONTEXTS == 1 || turn) begin
                        phase <= {phase[1:0], phase[2]};
                    end
                end
            end
        end
    end

    always @* begin
        if (running & ~rst & place[0]) begin
            assert (never  == virgin[turn]);
            assert (tlast  == (virgin[turn] | ended[turn]));
            assert (pulse  == (virgin[turn] | asked | clear));
            assert (window == phase[0]);
        end
    end

endmodule

`default_nettype wire
