// lprnn_sequencer - decides in every cycle whether the next block of the array may start.
//
//   for every step: for every group of units: for every block of [x | h | idle]
//
// A block starts when its operands are there: x of the step (before its first block), the block of h of
// the sequence's step before, which is CONTEXTS steps ago (first group only), and room for the result (last
// block). h_credit_q counts blocks of h in their order: the first CONTEXTS steps have theirs from reset on.
// Later pairs of a chain work on a block in the cycles after its start, and the weight memory
// holds their bits skewed; the memory address therefore runs on for CHAIN-1 cycles after a
// stall, and a stall lasts at least that long. Two groups whose ends were a forbidden distance apart
// would want the lanes' multiplier at once; the second then waits.
//
// weight_valid_i says that the row of the next block can be read, and the CHAIN-1 rows behind it in the
// cycles that follow: once a block has started, they are read whatever weight_valid_i says then. While
// it is low no block starts, and the stall is one like any other: the address runs on through those
// rows, goes back to the row of the next block, and starts again CHAIN cycles after the last start at the
// earliest. It may depend on anything but weight_row_o of the same cycle. A ROM's is constant.

`default_nettype none

module lprnn_sequencer #(
    parameter X_BLOCKS = 4,   // blocks of x
    parameter H_BLOCKS = 4,   // blocks of h; 0: h is no operand
    parameter BLOCKS   = 8,   // blocks of a group, idle ones included
    parameter GROUPS   = 64,  // groups of units
    parameter CHAIN    = 8,   // stages of a chain
    parameter RESULTS  = 4,   // groups of results that fit behind the lanes
    parameter [31:0] FORBIDDEN = 32'h000000c0, // bit d: group ends must not be d cycles apart
    parameter CONTEXTS = 1    // sequences whose steps come in turn
) (
    input  wire                                                            clk,
    input  wire                                                            rst,
    // operands, weights and room
    input  wire [1:0]                                                      x_steps_i,      // loaded and not begun
    input  wire                                                            h_written_i,    // one block of h
    input  wire                                                            weight_valid_i, // see above
    input  wire                                                            result_taken_i, // one group has left
    output wire                                                            x_begun_o,      // a step begins
    // flag of the step whose x is next
    input  wire                                                            fresh_i,
    // rows, valid in the cycle of the start
    output wire [$clog2((BLOCKS*GROUPS > 1) ? BLOCKS*GROUPS : 2)-1:0]      weight_row_o,
    output wire [$clog2((BLOCKS > 1) ? BLOCKS : 2)+$clog2(CONTEXTS+1)-1:0] vector_row_o,   // {bank, block}
    output wire                                                            bank_o,         // its last bit
    // what starts in this cycle
    output wire                                                            sum_o,          // a block that counts
    output wire                                                            recurrent_o,    // it belongs to h
    output wire                                                            group_end_o,    // the last of its group
    output wire                                                            step_end_o      // and of its step
);

    localparam BLOCK_W    = $clog2((BLOCKS > 1) ? BLOCKS : 2);
    localparam GROUP_W    = $clog2((GROUPS > 1) ? GROUPS : 2);
    localparam ROW_W      = $clog2((BLOCKS*GROUPS > 1) ? BLOCKS*GROUPS : 2);
    localparam RESULTS_W  = $clog2(RESULTS + 1);
    localparam H_CREDIT_W = (H_BLOCKS > 0) ? $clog2(CONTEXTS*H_BLOCKS + 1) : 1;
    localparam BANK_W     = $clog2(CONTEXTS + 1);

    localparam integer NEARLY_LAST_INT = BLOCKS - 2;
    localparam [BLOCK_W-1:0] NEARLY_LAST = NEARLY_LAST_INT[BLOCK_W-1:0];
    localparam integer LAST_X_INT = X_BLOCKS - 1;
    localparam [BLOCK_W-1:0] LAST_X = LAST_X_INT[BLOCK_W-1:0];
    localparam integer LAST_H_INT = X_BLOCKS + H_BLOCKS - 1;
    localparam [BLOCK_W-1:0] LAST_H = LAST_H_INT[BLOCK_W-1:0];
    localparam integer LAST_GROUP_INT = GROUPS - 1;
    localparam [GROUP_W-1:0] LAST_GROUP = LAST_GROUP_INT[GROUP_W-1:0];
    localparam integer LAST_ROW_INT = BLOCKS*GROUPS - 1;
    localparam [ROW_W-1:0] LAST_ROW = LAST_ROW_INT[ROW_W-1:0];
    localparam integer GAP_INT = CHAIN - 1;
    localparam [3:0] GAP = GAP_INT[3:0];
    localparam integer ALL_RESULTS_INT = RESULTS;
    localparam [RESULTS_W-1:0] ALL_RESULTS = ALL_RESULTS_INT[RESULTS_W-1:0];
    localparam integer ALL_H_INT = CONTEXTS*H_BLOCKS;
    localparam [H_CREDIT_W-1:0] ALL_H = ALL_H_INT[H_CREDIT_W-1:0];

    generate
        if (CHAIN > 16 || BLOCKS < 2 || BLOCKS < X_BLOCKS + H_BLOCKS || FORBIDDEN[31]) begin : gen_param_check
            error_lprnn_sequencer_illegal_folding u_illegal_parameters ();
        end
    endgenerate

    reg [BLOCK_W-1:0]    block_q;
    reg [GROUP_W-1:0]    group_q;
    reg [BANK_W-1:0]     bank_q;
    reg [ROW_W-1:0]      next_row_q;   // row of the next block
    reg [ROW_W-1:0]      run_row_q;    // row after the one read last
    reg                  started_q;    // a block started in the cycle before
    reg [3:0]            gap_q;        // cycles until the skewed reads are done
    reg [H_CREDIT_W-1:0] h_credit_q;   // blocks of h written and not used by group 0
    reg [RESULTS_W-1:0]  room_q;       // groups of results that still fit

    // What block_q and group_q are, kept beside them so that `start` is a few gates deep.
    reg first_block_q;
    reg last_block_q;
    reg recurrent_q;
    reg idle_q;
    reg first_group_q;
    reg last_group_q;

    wire step_start   = first_group_q & first_block_q;
    wire uses_h       = first_group_q & recurrent_q;

    wire x_ready      = ~step_start | (|x_steps_i);
    wire h_ready      = ~uses_h | (|h_credit_q);
    wire room_ready   = ~last_block_q | (|room_q);
    wire end_group;

    // Cycles since the last group end, as far as it matters.
    wire lane_ready;
    localparam integer NEVER_INT = $clog2({1'b0, FORBIDDEN} + 33'd1);  // above all that are forbidden
    generate
        if (NEVER_INT > BLOCKS) begin : gen_distance
            localparam DISTANCE_W = (NEVER_INT > 15) ? 5 : 4;
            localparam [DISTANCE_W-1:0] NEVER = NEVER_INT[DISTANCE_W-1:0];
            localparam [(1<<DISTANCE_W)-1:0] MET = FORBIDDEN[(1<<DISTANCE_W)-1:0];
            reg [DISTANCE_W-1:0] distance_q;
            always @(posedge clk) begin
                if (rst) begin
                    distance_q <= NEVER;
                end else if (end_group) begin
                    distance_q <= {{(DISTANCE_W-1){1'b0}}, 1'b1};
                end else if (distance_q != NEVER) begin
                    distance_q <= distance_q + 1'b1;
                end
            end
            assign lane_ready = ~last_block_q | ~MET[distance_q];
        end else begin : gen_always
            assign lane_ready = 1'b1;
        end
    endgenerate

    wire skew_ready   = started_q | ~(|gap_q);
    wire start        = x_ready & h_ready & weight_valid_i & room_ready & skew_ready & lane_ready;

    wire use_h        = start & uses_h;
    assign end_group  = start & last_block_q;

    wire [ROW_W-1:0] after_next = (next_row_q == LAST_ROW) ? {ROW_W{1'b0}} : next_row_q + 1'b1;
    wire [ROW_W-1:0] after_run  = (run_row_q == LAST_ROW) ? {ROW_W{1'b0}} : run_row_q + 1'b1;

    always @(posedge clk) begin
        run_row_q <= start ? after_next : after_run;
        if (rst) begin
            block_q       <= {BLOCK_W{1'b0}};
            group_q       <= {GROUP_W{1'b0}};
            bank_q        <= {BANK_W{1'b0}};
            next_row_q   <= {ROW_W{1'b0}};
            started_q     <= 1'b0;
            gap_q         <= 4'd0;
            h_credit_q    <= ALL_H;
            room_q        <= ALL_RESULTS;
            first_block_q <= 1'b1;
            last_block_q  <= 1'b0;
            recurrent_q   <= 1'b0;
            idle_q        <= 1'b0;
            first_group_q <= 1'b1;
            last_group_q  <= (GROUPS == 1);
        end else begin
            started_q <= start;
            if (start) begin
                gap_q         <= GAP;
                next_row_q   <= after_next;
                block_q       <= last_block_q ? {BLOCK_W{1'b0}} : block_q + 1'b1;
                first_block_q <= last_block_q;
                last_block_q  <= (block_q == NEARLY_LAST);
                recurrent_q   <= (H_BLOCKS > 0) & ((block_q == LAST_X) | (recurrent_q & (block_q != LAST_H)));
                idle_q        <= ((block_q == LAST_H) | idle_q) & ~last_block_q;
                if (last_block_q) begin
                    group_q       <= last_group_q ? {GROUP_W{1'b0}} : group_q + 1'b1;
                    first_group_q <= last_group_q;
                    last_group_q  <= (GROUPS == 1) | (group_q == LAST_GROUP - 1'b1);
                    bank_q        <= (BANK_W == 1) ? bank_q ^ {BANK_W{last_group_q}}
                                                   : bank_q + {{(BANK_W-1){1'b0}}, last_group_q};
                end
            end else if (|gap_q) begin
                gap_q <= gap_q - 4'd1;
            end
            if (h_written_i & ~use_h) begin
                h_credit_q <= h_credit_q + 1'b1;
            end else if (~h_written_i & use_h) begin
                h_credit_q <= h_credit_q - 1'b1;
            end
            if (result_taken_i & ~end_group) begin
                room_q <= room_q + 1'b1;
            end else if (~result_taken_i & end_group) begin
                room_q <= room_q - 1'b1;
            end
        end
    end

    assign weight_row_o  = start ? next_row_q : run_row_q;
    assign vector_row_o  = {bank_q, block_q};
    assign bank_o        = bank_q[0];
    assign x_begun_o     = start & step_start;
    assign sum_o         = start & ~idle_q & ~(recurrent_q & fresh_i);
    assign recurrent_o   = recurrent_q;
    assign group_end_o   = end_group;
    assign step_end_o    = end_group & last_group_q;

endmodule

`default_nettype wire
