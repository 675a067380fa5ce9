// lprnn_operands - what is written into the vector buffer: beats of x, or h of a group.
//
//   beat of x -> offset binary -> its slot's columns --+
//                                                      +--> columns, one address
//   units of h, columns of their block ----------------+
//
// Offset binary is the sign bit inverted: an element then counts from 0. Of odd x the last bit, which is 1,
// is left out before. h goes first. Combinational.
//
// Places of the last block that hold no element of x: with PAD they are written together with the
// elements, as zeros, so that the array never meets what the memory held at power-up.

`default_nettype none

module lprnn_operands #(
    parameter INPUT_SIZE = 64,  // elements of x
    parameter ELEMENTS   = 1,   // elements of a beat
    parameter COLUMNS    = 16,  // columns of a block
    parameter X_W        = 4,   // bits of an element of x
    parameter X_ODD      = 0,   // 1: x is odd, of X_W bits and the last one
    parameter ACT_W      = 4,   // bits of a column
    parameter BLOCKS     = 8,   // blocks of a group
    parameter PAD        = 0,   // 0: places without an element do not matter; else they are zeros
    parameter BANK_W     = 1    // bits of a bank's number
) (
    // x: elements of whole bytes
    input  wire                                                x_write_i,
    input  wire [COLUMNS/ELEMENTS-1:0]                         x_slot_i, // one-hot
    input  wire                                                x_last_beat_i,
    input  wire [$clog2((BLOCKS > 1) ? BLOCKS : 2)+BANK_W-1:0] x_addr_i, // {bank, block}
    input  wire [ELEMENTS*((X_W+7)/8)*8-1:0]                   x_data_i,
    // h
    input  wire                                                h_active_i,
    input  wire [COLUMNS-1:0]                                  h_write_i,
    input  wire [$clog2((BLOCKS > 1) ? BLOCKS : 2)+BANK_W-1:0] h_addr_i,
    input  wire [COLUMNS*ACT_W-1:0]                            h_data_i,
    // columns
    output wire [COLUMNS-1:0]                                  write_o,
    output wire [$clog2((BLOCKS > 1) ? BLOCKS : 2)+BANK_W-1:0] write_addr_o,
    output wire [COLUMNS*ACT_W-1:0]                            data_o
);

    localparam ELEMENT_W = ((X_W + 7) / 8) * 8;
    localparam LOW       = (X_ODD != 0) ? 1 : 0;                    // lowest bit that is kept
    localparam [X_W:0] TOP_BIT = {1'b1, {X_W{1'b0}}} >> 1;
    localparam SLOTS     = COLUMNS / ELEMENTS;                      // beats of a block
    localparam BEATS     = (INPUT_SIZE + ELEMENTS - 1) / ELEMENTS;  // of a step
    // Columns of x in its last block, and in any.
    localparam LAST_END  = ((BEATS - 1) % SLOTS)*ELEMENTS + INPUT_SIZE - (BEATS - 1)*ELEMENTS;
    localparam USED      = (BEATS > SLOTS) ? SLOTS*ELEMENTS : LAST_END;

    wire [ELEMENTS*ACT_W-1:0] x;

    genvar e, s;
    generate
        for (e = 0; e < ELEMENTS; e = e + 1) begin : gen_element
            wire [ELEMENT_W-1:0] element = x_data_i[e*ELEMENT_W +: ELEMENT_W];
            wire [X_W-1:0]       code = element[LOW +: X_W] ^ TOP_BIT[X_W-1:0];
            if (X_W < ACT_W) begin : gen_extend
                assign x[e*ACT_W +: ACT_W] = {{(ACT_W-X_W){1'b0}}, code};
            end else begin : gen_full
                assign x[e*ACT_W +: ACT_W] = code;
            end
        end

        for (s = 0; s < COLUMNS; s = s + 1) begin : gen_column
            wire [ACT_W-1:0] x_element = x[(s % ELEMENTS)*ACT_W +: ACT_W];
            wire [ACT_W-1:0] h_element = h_data_i[s*ACT_W +: ACT_W];
            case ((s >= USED) ? 1 : (PAD != 0 && s >= LAST_END) ? 2 : 0)
                1: begin : gen_h_only
                    assign write_o[s] = h_write_i[s] | ((PAD != 0) & x_write_i);
                    assign data_o[s*ACT_W +: ACT_W] = (PAD != 0 && ~h_active_i) ? {ACT_W{1'b0}} : h_element;
                end
                2: begin : gen_padded
                    assign write_o[s] = h_write_i[s] | (x_write_i & (x_slot_i[s / ELEMENTS] | x_last_beat_i));
                    assign data_o[s*ACT_W +: ACT_W] = h_active_i    ? h_element
                                                    : x_last_beat_i ? {ACT_W{1'b0}}
                                                                    : x_element;
                end
                default: begin : gen_shared
                    assign write_o[s] = h_write_i[s] | (x_write_i & x_slot_i[s / ELEMENTS]);
                    assign data_o[s*ACT_W +: ACT_W] = h_active_i ? h_element : x_element;
                end
            endcase
        end
    endgenerate

    assign write_addr_o = h_active_i ? h_addr_i : x_addr_i;

endmodule

`default_nettype wire
