// lprnn_step_buffer - takes vectors x from the stream into the vector buffer, one beat a cycle.
//
//   s_axis beat -> columns {slot * elements of a beat ...} of block -> next slot -> next block -> next step
//
// Two vectors fit: one in use, one being loaded, in banks that follow one another. TLAST and the fresh flag
// are taken from the last and the first beat of a step. With ONLY_LAST, a step whose last beat has no TLAST is
// dropped: the next one is written over it.

`default_nettype none

module lprnn_step_buffer #(
    parameter BEATS  = 64,  // beats of a step
    parameter SLOTS  = 16,  // beats of a block
    parameter BLOCKS = 8,   // blocks of a group
    parameter BANK_W = 1,   // bits of a bank's number
    parameter ONLY_LAST = 0 // 1: steps that do not end a sequence are dropped
) (
    input  wire                                                clk,
    input  wire                                                rst,
    // stream
    input  wire                                                s_valid_i,
    output wire                                                s_ready_o,
    input  wire                                                s_last_i,
    input  wire                                                s_fresh_i,
    // buffer
    input  wire                                                blocked_i,    // the write port is taken
    output wire                                                write_o,
    output wire [SLOTS-1:0]                                    slot_o,       // one-hot
    output wire                                                last_beat_o,
    output wire [$clog2((BLOCKS > 1) ? BLOCKS : 2)+BANK_W-1:0] write_addr_o, // {bank, block}
    // steps
    input  wire                                                begun_i,      // the array begins a step
    input  wire                                                released_i,   // it is done with a step's x and h
    output wire [1:0]                                          steps_o,      // vectors loaded and not begun
    input  wire                                                bank_i,       // last bit of the bank of the flags
    output wire                                                fresh_o,
    output wire                                                last_o
);

    localparam BEAT_W  = $clog2((BEATS > 1) ? BEATS : 2);
    localparam BLOCK_W = $clog2((BLOCKS > 1) ? BLOCKS : 2);

    localparam integer LAST_BEAT_INT = BEATS - 1;
    localparam [BEAT_W-1:0] LAST_BEAT = LAST_BEAT_INT[BEAT_W-1:0];

    reg [SLOTS-1:0]   slot_q;
    reg [BLOCK_W-1:0] block_q;
    reg [BEAT_W-1:0]  beat_q;
    reg [BANK_W-1:0]  bank_q;
    reg [1:0]         free_q;
    reg [1:0]         steps_q;
    reg [1:0]         fresh_q;
    reg [1:0]         last_q;

    wire accept    = s_valid_i & s_ready_o;
    wire last_beat = (beat_q == LAST_BEAT);
    wire first_beat = (beat_q == {BEAT_W{1'b0}});
    wire step_end  = accept & last_beat;
    wire done      = step_end & ((ONLY_LAST == 0) | s_last_i);
    wire next_block = slot_q[SLOTS-1];

    wire [SLOTS:0] rotated = {slot_q, slot_q[SLOTS-1]};
    localparam [SLOTS-1:0] FIRST_SLOT = 1;

    always @(posedge clk) begin
        if (accept & first_beat) begin
            fresh_q[bank_q[0]] <= s_fresh_i;
        end
        if (done) begin
            last_q[bank_q[0]] <= s_last_i;
        end
        if (rst) begin
            slot_q  <= FIRST_SLOT;
            block_q <= {BLOCK_W{1'b0}};
            beat_q  <= {BEAT_W{1'b0}};
            bank_q  <= {BANK_W{1'b0}};
            free_q  <= 2'd2;
            steps_q <= 2'd0;
        end else begin
            if (accept) begin
                slot_q  <= last_beat ? FIRST_SLOT : rotated[SLOTS-1:0];
                beat_q  <= last_beat ? {BEAT_W{1'b0}} : beat_q + 1'b1;
                if (last_beat) begin
                    block_q <= {BLOCK_W{1'b0}};
                    bank_q  <= done ? ((BANK_W == 1) ? ~bank_q : bank_q + 1'b1) : bank_q;
                end else if (next_block) begin
                    block_q <= block_q + 1'b1;
                end
            end
            if (done & ~released_i) begin
                free_q <= free_q - 2'd1;
            end else if (~done & released_i) begin
                free_q <= free_q + 2'd1;
            end
            if (done & ~begun_i) begin
                steps_q <= steps_q + 2'd1;
            end else if (~done & begun_i) begin
                steps_q <= steps_q - 2'd1;
            end
        end
    end

    assign s_ready_o    = (|free_q) & ~blocked_i;
    assign write_o      = accept;
    assign slot_o       = slot_q;
    assign last_beat_o  = last_beat;
    assign write_addr_o = {bank_q, block_q};
    assign steps_o      = steps_q;
    assign fresh_o      = fresh_q[bank_i];
    assign last_o       = last_q[bank_i];

endmodule

`default_nettype wire
