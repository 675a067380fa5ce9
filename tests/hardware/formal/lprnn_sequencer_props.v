// Proved of lprnn_sequencer, for all time, with one context and two, 2 blocks of x, 2 of h and an idle one, 2 groups, chains
// of 3, room for 2 results, and a lane that two groups would want at once 6 or 7 cycles apart: blocks
// start in order and with the right addresses and flags; one starts whenever, and only when, its
// operands and weights are there, its result has room, the skewed reads of the block before are done, and
// the lane is not wanted twice; no more results are started than fit; after the last start the weight address
// runs on for as long as the chain reads. The environment does what it may at any time, and resets come
// at any time.
//
// Assumed: at most 2 vectors x are loaded; a block of h is written only after a group that ended since
// has left it to write; a result leaves only when there is one.

`default_nettype none

module props #(
    parameter CONTEXTS = 1
) (
    input wire clk,
    input wire rst,
    input wire loaded,
    input wire written,
    input wire taken,
    input wire valid,   // of the weights: comes and goes
    input wire fresh
);

    reg  [1:0] x_steps;
    wire       begun, bank, sum, recurrent, group_end, step_end;
    wire [3:0] weight_addr;
    wire [CONTEXTS+2:0] vector_addr;

    lprnn_sequencer #(
        .X_BLOCKS(2), .H_BLOCKS(2), .BLOCKS(5), .GROUPS(2), .CHAIN(3), .RESULTS(2),
        .FORBIDDEN(16'h00c0), .CONTEXTS(CONTEXTS)
    ) dut (
        .clk(clk), .rst(rst), .x_steps_i(x_steps), .h_written_i(written),
        .weight_valid_i(valid), .result_taken_i(taken), .x_begun_o(begun), .fresh_i(fresh),
        .weight_row_o(weight_addr), .vector_row_o(vector_addr),
        .bank_o(bank), .sum_o(sum), .recurrent_o(recurrent), .group_end_o(group_end),
        .step_end_o(step_end)
    );

    reg       running;
    reg [9:0] place;    // one-hot: the block of the step that is next
    reg [CONTEXTS-1:0] side;  // the bank of the step, of 2 or 4
    reg [2:0] h_there;  // blocks of h that group 0 may use
    reg [2:0] h_owed;   // groups ended whose block of h is not written
    reg [1:0] results;  // groups ended whose result has not left
    reg [1:0] since;    // cycles since the last start, 3 and more as 3
    reg       any;      // a block has started since reset
    reg [3:0] ends;     // cycles since the last group end, 8 and more, or none yet, as 8
    reg [3:0] read;     // the row that the chain's first pair read last
    initial running = 1'b0;

    wire first    = place[0];
    wire last     = place[4] | place[9];
    wire of_h     = place[2] | place[3] | place[7] | place[8];
    wire idle     = place[4] | place[9];
    wire needs_h  = place[2] | place[3];
    wire near     = (ends == 4'd6) | (ends == 4'd7);
    wire start    = valid & ~(first & x_steps == 2'd0) & ~(needs_h & h_there == 3'd0)
                  & ~(last & results == 2'd2) & ~(any & since != 2'd1 & since != 2'd3) & ~(last & near);
    wire [3:0] row = place[1] ? 4'd1 : place[2] ? 4'd2 : place[3] ? 4'd3 : place[4] ? 4'd4
                   : place[5] ? 4'd5 : place[6] ? 4'd6 : place[7] ? 4'd7 : place[8] ? 4'd8
                   : place[9] ? 4'd9 : 4'd0;
    wire [3:0] further = (read == 4'd9) ? 4'd0 : read + 4'd1;
    wire [2:0] block = (row >= 4'd5) ? row - 4'd5 : row;

    always @(posedge clk) begin
        if (rst) begin
            running <= 1'b1;
            x_steps <= 2'd0;
            place   <= 10'd1;
            side    <= {CONTEXTS{1'b0}};
            h_there <= 2*CONTEXTS;
            h_owed  <= 3'd0;
            results <= 2'd0;
            since   <= 2'd3;
            any     <= 1'b0;
            ends    <= 4'd8;
        end else begin
            x_steps <= x_steps + {1'b0, loaded} - {1'b0, start & first};
            h_there <= h_there + {2'd0, written} - {2'd0, start & needs_h};
            h_owed  <= h_owed - {2'd0, written} + {2'd0, start & last};
            results <= results - {1'b0, taken} + {1'b0, start & last};
            ends    <= (start & last) ? 4'd1 : (ends == 4'd8) ? 4'd8 : ends + 4'd1;
            since   <= start ? 2'd1 : (since == 2'd3) ? 2'd3 : since + 2'd1;
            any     <= any | start;
            if (start) begin
                place <= {place[8:0], place[9]};
                side  <= side + place[9];
            end
        end
        read <= start ? row : further;
    end

    always @* begin
        assume (~loaded | x_steps != 2'd2);
        assume (~written | h_owed != 3'd0);
        assume (~taken | results != 2'd0);
        if (running & ~rst) begin
            assert (begun == (start & first));
            assert (sum == (start & ~idle & ~(of_h & fresh)));
            assert (group_end == (start & last));
            assert (step_end == (start & place[9]));
            assert (results != 2'd3);
            if (start) begin
                assert (weight_addr == row);
                assert (vector_addr == {side, block});
                assert (bank == side[0]);
                assert (recurrent == of_h);
            end else if (any & since != 2'd3) begin
                assert (weight_addr == further);
            end
        end
    end

endmodule

`default_nettype wire
