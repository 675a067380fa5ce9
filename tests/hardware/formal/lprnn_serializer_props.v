// Proved of lprnn_group_fifo with lprnn_serializer behind it, for all time, with groups of 2 units of 2
// bits, a unit to a beat, 1 beat in a step's last group, and a queue of 2 groups: any group that is pushed
// leaves once, whole, in its order, with the flags it came with; TLAST is on the last beat of a step that
// carried it and nowhere else; a beat that is offered stays until it is taken; group_taken_o gives each
// place of the queue back once. The sink does what it likes, and resets come at any time.
//
// Assumed: a group is pushed only when a place that group_taken_o gave back, or one of the first 2, is
// free.
//
// One group, chosen at any time, is followed through the queue.

`default_nettype none

module props (
    input wire       clk,
    input wire       rst,
    input wire       push,
    input wire [3:0] h,
    input wire       step_end,
    input wire       last,
    input wire       fresh,
    input wire       ready,
    input wire       choose   // follow the group that is pushed now
);

    wire       taken, valid, m_last, m_fresh;
    wire [7:0] data;

    wire       queued, queued_end, queued_last, queued_fresh;
    wire [3:0] queued_h;

    lprnn_group_fifo #(.WIDTH(7), .DEPTH(2)) fifo (
        .clk(clk), .rst(rst), .push_i(push), .data_i({step_end, last, fresh, h}), .pop_i(taken),
        .valid_o(queued), .data_o({queued_end, queued_last, queued_fresh, queued_h})
    );

    lprnn_serializer #(.HIDDEN(3), .LANES(2), .ELEMENTS(1), .H_W(2)) dut (
        .clk(clk), .rst(rst), .group_valid_i(queued), .group_taken_o(taken), .h_i(queued_h),
        .step_end_i(queued_end), .last_i(queued_last), .fresh_i(queued_fresh), .m_valid_o(valid),
        .m_ready_i(ready), .m_data_o(data), .m_last_o(m_last), .m_fresh_o(m_fresh)
    );

    reg       running;
    reg [1:0] places;   // of the queue that are free
    // Groups inside, oldest first: whether each is the last of its step. One is being sent.
    reg [1:0] count;    // 0 to 3
    reg [2:0] short;
    reg       second;   // the second beat of the oldest is next
    // The group that is followed.
    reg       chosen;
    reg [1:0] ahead;    // groups before it
    reg [3:0] its_h;
    reg       its_last, its_fresh, its_end;
    // The beat that waited in the cycle before.
    reg       waited, waited_last;
    reg [7:0] waited_data;
    initial running = 1'b0;

    wire sent = valid & ready;
    wire done = sent & (second | short[0]);
    wire mark = push & choose & ~chosen;
    wire [1:0] left = count - {1'b0, done};

    always @(posedge clk) begin
        waited      <= valid & ~ready & ~rst;
        waited_data <= data;
        waited_last <= m_last;
        if (rst) begin
            running <= 1'b1;
            places  <= 2'd2;
            count   <= 2'd0;
            second  <= 1'b0;
            chosen  <= 1'b0;
        end else begin
            places <= places - {1'b0, push} + {1'b0, taken};
            count  <= left + {1'b0, push};
            second <= (second | sent) & ~done;
            if (done) begin
                short <= {1'b0, short[2:1]};
            end
            if (push) begin
                short[left] <= step_end;
            end
            if (mark) begin
                chosen    <= 1'b1;
                ahead     <= left;
                its_h     <= h;
                its_last  <= last;
                its_fresh <= fresh;
                its_end   <= step_end;
            end else if (chosen & done) begin
                chosen <= (ahead != 2'd0);
                ahead  <= ahead - 2'd1;
            end
        end
    end

    always @* begin
        assume (~push | places != 2'd0);
        if (running & ~rst) begin
            assert (~valid | count != 2'd0);
            assert (~taken | places != 2'd2);
            // The queue's places and the group that is being sent are all that is inside.
            assert ({1'b0, count} + {1'b0, places} == 3'd2 + {2'b00, valid});
            if (waited) begin
                assert (valid & data == waited_data & m_last == waited_last);
            end
            if (valid & chosen & ahead == 2'd0) begin
                assert (m_fresh == its_fresh);
                assert (m_last == (its_last & its_end));
                assert (data[1:0] == (second ? its_h[3:2] : its_h[1:0]));
                assert (data[7:2] == {6{data[1]}});
            end
        end
    end

endmodule

`default_nettype wire
