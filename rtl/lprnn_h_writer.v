// lprnn_h_writer - puts a group's new h where the array will read it in the next step of its sequence.
//
//   LANES <= COLUMNS: one cycle, unit u goes to column slot*LANES + u; COLUMNS/LANES groups a block
//   LANES >  COLUMNS: one block of COLUMNS units a cycle, over LANES/COLUMNS cycles, rounded up
//
// The elements are written in offset binary, the sign bit inverted, which counts from 0. Odd h comes without
// its last bit.
//
// Places of the last block, or of a group's, that hold no unit: with PAD they are written together with
// the units, so that the array never meets what the memory held at power-up; with PAD 2 as zeros.

`default_nettype none

module lprnn_h_writer #(
    parameter HIDDEN   = 64,  // units
    parameter LANES    = 1,   // units of a group
    parameter COLUMNS  = 16,  // columns of a block
    parameter H_W      = 4,   // bits of h
    parameter ACT_W    = 4,   // bits of an element
    parameter X_BLOCKS = 4,   // blocks of x before h
    parameter BLOCKS   = 8,   // blocks of a group
    parameter PAD      = 0,   // 0: places without a unit do not matter, 1: are written, 2: are zero
    parameter CONTEXTS = 1    // sequences in turn: the next step of one is CONTEXTS steps later
) (
    input  wire                                                            clk,
    input  wire                                                            rst,
    input  wire                                                            group_i,      // h_i are the next group's
    input  wire [LANES*H_W-1:0]                                            h_i,
    output wire                                                            active_o,     // the write port is used
    output wire                                                            written_o,    // and completes a block
    output wire [COLUMNS-1:0]                                              write_o,
    output wire [$clog2((BLOCKS > 1) ? BLOCKS : 2)+$clog2(CONTEXTS+1)-1:0] write_addr_o, // {bank, block}
    output wire [COLUMNS*ACT_W-1:0]                                        data_o
);

    localparam GROUPS     = (HIDDEN + LANES - 1) / LANES;
    localparam LAST_UNITS = HIDDEN - (GROUPS - 1)*LANES;  // of the last group
    localparam SLOTS      = (LANES > COLUMNS) ? 1 : COLUMNS / LANES;  // groups of a block
    localparam SUBBLOCKS  = (LANES > COLUMNS) ? (LANES + COLUMNS - 1) / COLUMNS : 1;  // blocks of a group
    localparam GROUP_W    = $clog2((GROUPS > 1) ? GROUPS : 2);
    localparam BLOCK_W    = $clog2((BLOCKS > 1) ? BLOCKS : 2);
    localparam BANK_W     = $clog2(CONTEXTS + 1);

    localparam integer LAST_GROUP_INT = GROUPS - 1;
    localparam [GROUP_W-1:0] LAST_GROUP = LAST_GROUP_INT[GROUP_W-1:0];
    localparam integer FIRST_BLOCK_INT = X_BLOCKS;
    localparam [BLOCK_W-1:0] FIRST_BLOCK = FIRST_BLOCK_INT[BLOCK_W-1:0];
    localparam integer FIRST_BANK_INT = CONTEXTS;
    localparam [BANK_W-1:0] FIRST_BANK = FIRST_BANK_INT[BANK_W-1:0];

    reg [GROUP_W-1:0] group_q;
    reg [BLOCK_W-1:0] block_q;
    reg [BANK_W-1:0]  bank_q;

    wire last_group = (group_q == LAST_GROUP);
    wire group_done;
    wire block_done;

    always @(posedge clk) begin
        if (rst) begin
            group_q <= {GROUP_W{1'b0}};
            block_q <= FIRST_BLOCK;
            bank_q  <= FIRST_BANK;  // step 0 is read from bank 0 and writes for step CONTEXTS
        end else begin
            if (group_done) begin
                group_q <= last_group ? {GROUP_W{1'b0}} : group_q + 1'b1;
                bank_q  <= (BANK_W == 1) ? bank_q ^ {BANK_W{last_group}}
                                         : bank_q + {{(BANK_W-1){1'b0}}, last_group};
            end
            if (block_done) begin
                block_q <= (group_done & last_group) ? FIRST_BLOCK : block_q + 1'b1;
            end
        end
    end

    assign write_addr_o = {bank_q, block_q};
    assign written_o    = block_done;

    localparam [H_W:0] TOP_BIT = {1'b1, {H_W{1'b0}}} >> 1;

    wire [LANES*ACT_W-1:0] elements;

    genvar s, u;
    generate
        for (u = 0; u < LANES; u = u + 1) begin : gen_element
            wire [H_W-1:0] code = h_i[u*H_W +: H_W] ^ TOP_BIT[H_W-1:0];
            if (H_W < ACT_W) begin : gen_extend
                assign elements[u*ACT_W +: ACT_W] = {{(ACT_W-H_W){1'b0}}, code};
            end else begin : gen_full
                assign elements[u*ACT_W +: ACT_W] = code;
            end
        end

        if (SUBBLOCKS == 1) begin : gen_slots
            localparam [SLOTS-1:0] FIRST_SLOT = 1;

            reg [SLOTS-1:0]  slot_q;
            wire [SLOTS:0]   rotated = {slot_q, slot_q[SLOTS-1]};
            always @(posedge clk) begin
                if (rst) begin
                    slot_q <= FIRST_SLOT;
                end else if (group_i) begin
                    slot_q <= last_group ? FIRST_SLOT : rotated[SLOTS-1:0];
                end
            end

            assign active_o   = group_i;
            assign group_done = group_i;
            assign block_done = group_i & (slot_q[SLOTS-1] | last_group);

            // Columns of units in the last block, and in any block at all.
            localparam LAST_END = ((GROUPS - 1) % SLOTS)*LANES + LAST_UNITS;
            localparam USED     = (GROUPS > SLOTS) ? SLOTS*LANES : LAST_END;

            for (s = 0; s < COLUMNS; s = s + 1) begin : gen_column
                wire [ACT_W-1:0] element = elements[(s % LANES)*ACT_W +: ACT_W];
                case ((s >= USED) ? 1 : (PAD != 0 && s >= LAST_END) ? 2 : 0)
                    1: begin : gen_unused
                        assign write_o[s] = (PAD != 0) & group_i;
                        assign data_o[s*ACT_W +: ACT_W] = {ACT_W{1'b0}};
                    end
                    2: begin : gen_padded
                        assign write_o[s] = group_i & (slot_q[s / LANES] | last_group);
                        assign data_o[s*ACT_W +: ACT_W] = (PAD > 1 && last_group) ? {ACT_W{1'b0}} : element;
                    end
                    default: begin : gen_used
                        assign write_o[s] = group_i & slot_q[s / LANES];
                        assign data_o[s*ACT_W +: ACT_W] = element;
                    end
                endcase
            end
        end else begin : gen_subblocks
            localparam PADDED = SUBBLOCKS*COLUMNS;
            localparam REST_W = (PADDED - COLUMNS)*ACT_W;

            reg [SUBBLOCKS-2:0] turn_q;  // one-hot: subblock 1, 2, ... is written in this cycle
            reg [REST_W-1:0]    rest_q;  // units of the subblocks still to be written

            wire [PADDED*ACT_W-1:0] padded;
            for (s = 0; s < PADDED; s = s + 1) begin : gen_unit
                case ((s >= LANES) ? 1 : (PAD > 1 && s >= LAST_UNITS) ? 2 : 0)
                    1: begin : gen_none
                        assign padded[s*ACT_W +: ACT_W] = {ACT_W{1'b0}};
                    end
                    2: begin : gen_not_last
                        assign padded[s*ACT_W +: ACT_W] = last_group ? {ACT_W{1'b0}} : elements[s*ACT_W +: ACT_W];
                    end
                    default: begin : gen_always
                        assign padded[s*ACT_W +: ACT_W] = elements[s*ACT_W +: ACT_W];
                    end
                endcase
            end

            wire [SUBBLOCKS-1:0] turn = {turn_q, group_i};
            wire [REST_W+COLUMNS*ACT_W-1:0] rest = {{(COLUMNS*ACT_W){1'b0}}, rest_q};

            always @(posedge clk) begin
                rest_q <= group_i ? padded[PADDED*ACT_W-1:COLUMNS*ACT_W] : rest[COLUMNS*ACT_W +: REST_W];
                if (rst) begin
                    turn_q <= {(SUBBLOCKS-1){1'b0}};
                end else begin
                    turn_q <= turn[SUBBLOCKS-2:0];
                end
            end

            assign active_o   = |turn;
            assign block_done = |turn;
            assign group_done = turn[SUBBLOCKS-1];

            for (s = 0; s < COLUMNS; s = s + 1) begin : gen_column
                assign write_o[s] = |turn;
                assign data_o[s*ACT_W +: ACT_W] = group_i ? padded[s*ACT_W +: ACT_W]
                                                          : rest_q[s*ACT_W +: ACT_W];
            end
        end
    endgenerate

endmodule

`default_nettype wire
