// Proved of lprnn_step_buffer, for all time, with 5 beats a step, 2 beats a block, 2 banks and 4: a beat goes where its
// number says, no bank is written that is loaded or in use, steps_o is the number of vectors loaded and
// not begun, the flags of a bank are those of its step, and a beat is taken whenever there is a place
// for it. Source, write port and array do what they may at any time, and resets come at any time.
//
// Assumed of the array: it begins a step only when one is loaded, and is done with a step only when one
// has begun; both in order.

`default_nettype none

module props #(
    parameter BANK_W = 1
) (
    input wire clk,
    input wire rst,
    input wire s_valid,
    input wire s_last,
    input wire s_fresh,
    input wire blocked,
    input wire begun,
    input wire released,
    input wire bank
);

    wire       s_ready, write, last_beat, fresh, last;
    wire [1:0] slot;
    wire [BANK_W+1:0] addr;
    wire [1:0] steps;

    lprnn_step_buffer #(.BEATS(5), .SLOTS(2), .BLOCKS(4), .BANK_W(BANK_W)) dut (
        .clk(clk), .rst(rst), .s_valid_i(s_valid), .s_ready_o(s_ready), .s_last_i(s_last),
        .s_fresh_i(s_fresh), .blocked_i(blocked), .write_o(write), .slot_o(slot),
        .last_beat_o(last_beat), .write_addr_o(addr), .begun_i(begun), .released_i(released),
        .steps_o(steps), .bank_i(bank), .fresh_o(fresh), .last_o(last)
    );

    reg       running;
    reg [4:0] place;         // one-hot: the beat that is next
    reg [BANK_W-1:0] number; // its bank
    reg [1:0] loaded;        // of each bank: holds a whole vector
    reg [1:0] used;          // of each bank: its step has begun
    reg       next_begun;    // the bank of the step that begins next
    reg       next_released; // the bank of the step that is done next
    reg [1:0] firsts;        // s_fresh of each bank's first beat
    reg [1:0] lasts;         // s_last of each bank's last beat
    initial running = 1'b0;

    wire taken = s_valid & s_ready;
    wire side  = number[0];  // no more than two follow one another

    always @(posedge clk) begin
        if (rst) begin
            running       <= 1'b1;
            place         <= 5'b00001;
            number        <= {BANK_W{1'b0}};
            loaded        <= 2'b00;
            used          <= 2'b00;
            next_begun    <= 1'b0;
            next_released <= 1'b0;
        end else begin
            if (taken) begin
                place <= {place[3:0], place[4]};
                if (place[0]) begin
                    firsts[side] <= s_fresh;
                end
                if (place[4]) begin
                    number       <= number + 1'b1;
                    loaded[side] <= 1'b1;
                    lasts[side]  <= s_last;
                end
            end
            if (begun) begin
                next_begun       <= ~next_begun;
                used[next_begun] <= 1'b1;
            end
            if (released) begin
                next_released         <= ~next_released;
                loaded[next_released] <= 1'b0;
                used[next_released]   <= 1'b0;
            end
        end
    end

    always @* begin
        assume (~begun | (loaded[next_begun] & ~used[next_begun]));
        assume (~released | used[next_released]);
        if (running & ~rst) begin
            assert (s_ready == (~loaded[side] & ~blocked));
            assert (write == taken);
            assert (steps == {1'b0, loaded[0] & ~used[0]} + {1'b0, loaded[1] & ~used[1]});
            if (taken) begin
                assert (last_beat == place[4]);
                assert (slot == ((place[1] | place[3]) ? 2'b10 : 2'b01));
                assert (addr == {number, place[4], place[2] | place[3]});
            end
            if (loaded[bank]) begin
                assert (fresh == firsts[bank]);
                assert (last == lasts[bank]);
            end
        end
    end

endmodule

`default_nettype wire
