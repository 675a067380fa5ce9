// Proved of lprnn_join with lprnn_beat_queue at its forward side, for all time, with steps of BEATS beats of one element
// of 2 bits of each direction and a queue of DEPTH beats: beats leave in turn, BEATS of the forward direction, BEATS of
// the backward one; any beat that the queue accepts leaves once, in its order; a beat of the backward direction is taken
// when it leaves and never else; a step is offered when both directions are there; TLAST is where the backward direction
// has it; a beat that is offered stays until it is taken. Resets come at any time.
//
// Assumed: the backward direction's beat stays until it is taken.
//
// One forward beat, chosen at any time, is followed through the queue.

`default_nettype none

module props #(
    parameter BEATS = 2,
    parameter DEPTH = 3
) (
    input wire       clk,
    input wire       rst,
    input wire       offer,
    input wire [1:0] code,
    input wire       b_valid,
    input wire [7:0] b_data,
    input wire       b_last,
    input wire       b_fresh,
    input wire       ready,
    input wire       choose   // follow the beat that is accepted now
);

    wire       accepts, f_valid, f_ready, b_ready, valid, m_last, m_fresh;
    wire [7:0] f_data, data;
    wire       accept = offer & accepts;

    lprnn_beat_queue #(.DEPTH(DEPTH), .CODE_W(2), .STYLE("distributed")) queue (
        .clk(clk), .rst(rst), .s_valid_i(offer), .s_ready_o(accepts), .s_data_i({{6{code[1]}}, code}),
        .m_valid_o(f_valid), .m_ready_i(f_ready), .m_data_o(f_data)
    );

    lprnn_join #(.BEATS(BEATS), .WIDTH(8)) dut (
        .clk(clk), .rst(rst), .f_valid_i(f_valid), .f_ready_o(f_ready), .f_data_i(f_data), .b_valid_i(b_valid),
        .b_ready_o(b_ready), .b_data_i(b_data), .b_last_i(b_last), .b_fresh_i(b_fresh), .m_valid_o(valid),
        .m_ready_i(ready), .m_data_o(data), .m_last_o(m_last), .m_fresh_o(m_fresh)
    );

    reg       running;
    reg [2:0] place;          // of the beat that leaves next, in its step
    reg [2:0] held;           // forward beats inside
    // The beat that is followed.
    reg       chosen;
    reg [2:0] ahead;          // beats before it
    reg [1:0] its_code;
    // What waited in the cycle before, on both sides.
    reg       waited, waited_last, b_waited, b_waited_last, b_waited_fresh;
    reg [7:0] waited_data, b_waited_data;
    initial running = 1'b0;

    wire sent    = valid & ready;
    wire forward = place < BEATS;
    wire gone    = sent & forward;

    always @(posedge clk) begin
        waited         <= valid & ~ready & ~rst;
        waited_data    <= data;
        waited_last    <= m_last;
        b_waited       <= b_valid & ~b_ready & ~rst;
        b_waited_data  <= b_data;
        b_waited_last  <= b_last;
        b_waited_fresh <= b_fresh;
        if (rst) begin
            running <= 1'b1;
            place   <= 3'd0;
            held    <= 3'd0;
            chosen  <= 1'b0;
        end else begin
            if (sent) begin
                place <= (place == 2*BEATS - 1) ? 3'd0 : place + 3'd1;
            end
            held <= held + {2'b0, accept} - {2'b0, gone};
            if (accept & choose & ~chosen) begin
                chosen   <= 1'b1;
                ahead    <= held - {2'b0, gone};
                its_code <= code;
            end else if (chosen & gone) begin
                chosen <= (ahead != 3'd0);
                ahead  <= ahead - 3'd1;
            end
        end
    end

    always @* begin
        if (b_waited) begin
            assume (b_valid & b_data == b_waited_data & b_last == b_waited_last & b_fresh == b_waited_fresh);
        end
        if (running & ~rst) begin
            assert (accepts == (held != DEPTH));
            assert (held <= DEPTH);
            assert (~valid | b_valid);
            assert (~(valid & forward) | held != 3'd0);
            assert ((b_valid & b_ready) == (sent & ~forward));
            assert ((f_valid & f_ready) == gone);
            if (waited) begin
                assert (valid & data == waited_data & m_last == waited_last);
            end
            if (valid) begin
                assert (m_fresh == b_fresh);
                assert (m_last == (b_last & ~forward));
                if (~forward) begin
                    assert (data == b_data);
                end else if (chosen & ahead == 3'd0) begin
                    assert (data == {{6{its_code[1]}}, its_code});
                end
            end
        end
    end

endmodule

`default_nettype wire
