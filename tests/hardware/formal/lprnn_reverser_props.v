// Proved of lprnn_reverser with lprnn_cut before it, for all time, with sequences of up to STEPS steps of BEATS beats of
// one element of 2 bits: any beat that is accepted leaves once, in the place that its step has from the end of its
// sequence; sequences leave in their order, each when all of it is there; fresh is on the beats of the step that came
// last, TLAST on the last beat of the one that came first and nowhere else; a beat that is offered stays until it is
// taken; a sequence that would be longer ends behind step STEPS, and cut_o is high from then on. Source and sink do
// what they like, and resets come at any time.
//
// One beat, chosen at any time, is followed through the memory.

`default_nettype none

module props #(
    parameter STEPS = 3,
    parameter BEATS = 2
) (
    input wire       clk,
    input wire       rst,
    input wire       offer,
    input wire [1:0] code,
    input wire       last,
    input wire       ready,
    input wire       choose   // follow the beat that is accepted now
);

    wire       accepts, ends, cut, valid, m_last, m_fresh;
    wire [7:0] data;
    wire       accept = offer & accepts;

    lprnn_cut #(.STEPS(STEPS), .BEATS(BEATS)) limit (
        .clk(clk), .rst(rst), .accept_i(accept), .last_i(last), .last_o(ends), .cut_o(cut)
    );

    lprnn_reverser #(.STEPS(STEPS), .BEATS(BEATS), .CODE_W(2), .STYLE("distributed")) dut (
        .clk(clk), .rst(rst), .s_valid_i(offer), .s_ready_o(accepts), .s_data_i({{6{code[1]}}, code}),
        .s_last_i(ends), .m_valid_o(valid), .m_ready_i(ready), .m_data_o(data), .m_last_o(m_last),
        .m_fresh_o(m_fresh)
    );

    reg       running;
    // The sequence that comes in.
    reg [2:0] beat, steps;       // beats of its step, and steps, that are there
    reg       was_cut;
    // Sequences that are there as a whole, at most two, and steps of each, oldest first.
    reg [1:0] count;
    reg [2:0] first, second;
    reg [3:0] sent;              // beats of the oldest that have left
    // The beat that is followed.
    reg       chosen, coming;    // coming: its sequence is not whole
    reg [1:0] ahead;             // sequences before its own
    reg [2:0] its_beat, its_step, its_steps;
    reg [1:0] its_code;
    // The beat that waited in the cycle before.
    reg       waited, waited_last, waited_fresh;
    reg [7:0] waited_data;
    initial running = 1'b0;

    wire       step_in  = accept & beat == BEATS - 1;
    wire       whole_in = step_in & ends;
    wire       gone     = valid & ready & sent == BEATS*first - 1;
    wire [1:0] left     = count - {1'b0, gone};
    wire       mark     = accept & choose & ~chosen;

    always @(posedge clk) begin
        waited       <= valid & ~ready & ~rst;
        waited_data  <= data;
        waited_last  <= m_last;
        waited_fresh <= m_fresh;
        if (rst) begin
            running <= 1'b1;
            beat    <= 3'd0;
            steps   <= 3'd0;
            was_cut <= 1'b0;
            count   <= 2'd0;
            sent    <= 4'd0;
            chosen  <= 1'b0;
        end else begin
            if (accept) begin
                beat <= step_in ? 3'd0 : beat + 3'd1;
            end
            if (step_in) begin
                steps <= ends ? 3'd0 : steps + 3'd1;
            end
            was_cut <= was_cut | (step_in & ~last & steps == STEPS - 1);
            count   <= left + {1'b0, whole_in};
            if (gone) begin
                first <= second;
            end
            if (whole_in) begin
                if (left == 2'd0) first <= steps + 3'd1;
                else second <= steps + 3'd1;
            end
            if (valid & ready) begin
                sent <= gone ? 4'd0 : sent + 4'd1;
            end
            if (mark) begin
                chosen    <= 1'b1;
                coming    <= ~whole_in;
                ahead     <= left;
                its_beat  <= beat;
                its_step  <= steps;
                its_steps <= steps + 3'd1;
                its_code  <= code;
            end else if (chosen) begin
                if (coming & whole_in) begin
                    coming    <= 1'b0;
                    its_steps <= steps + 3'd1;
                end
                chosen <= ~(gone & ahead == 2'd0);
                ahead  <= ahead - {1'b0, gone};
            end
        end
    end

    always @* begin
        if (running & ~rst) begin
            assert (cut == was_cut);
            assert (count != 2'd3);
            assert (~valid | count != 2'd0);
            if (waited) begin
                assert (valid & data == waited_data & m_last == waited_last & m_fresh == waited_fresh);
            end
            if (valid) begin
                assert (m_fresh == (sent < BEATS));
                assert (m_last == (sent == BEATS*first - 1));
            end
            if (valid & chosen & ahead == 2'd0) begin
                assert (~coming);
                if (sent == BEATS*(its_steps - 1 - its_step) + its_beat) begin
                    assert (data == {{6{its_code[1]}}, its_code});
                end
            end
        end
    end

endmodule

`default_nettype wire
