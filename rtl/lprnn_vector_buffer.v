// lprnn_vector_buffer - the operand vector [x | h] of several steps, one memory per column.
//
//   write: column memories with their own enables, one address
//   read:  {bank, block} -> column s at cycle 1 + (stage of s within its chain)
//
// Stage i of a chain works i cycles after stage 0, so its read address is delayed i cycles. Whatever
// counts is written before it is read. What a read gives of an address that is written in the same
// cycle does not matter: such an element is never used.

`default_nettype none

module lprnn_vector_buffer #(
    parameter COLUMNS = 16,            // elements of a block
    parameter USED    = 16,            // columns that are ever written; the others read as zero
    parameter ACT_W   = 4,             // bits of an element
    parameter BLOCKS  = 8,             // blocks of a group
    parameter CHAIN   = 8,             // stages of a chain
    parameter STAGE   = 2,             // columns of a stage
    parameter STYLE   = "distributed", // "distributed" or "auto"
    parameter BANK_W  = 1              // bits of a bank's number
) (
    input  wire                                                clk,
    input  wire [$clog2((BLOCKS > 1) ? BLOCKS : 2)+BANK_W-1:0] read_addr_i,
    output wire [COLUMNS*ACT_W-1:0]                            act_o,
    input  wire [COLUMNS-1:0]                                  write_i,
    input  wire [$clog2((BLOCKS > 1) ? BLOCKS : 2)+BANK_W-1:0] write_addr_i,
    input  wire [COLUMNS*ACT_W-1:0]                            write_data_i
);

    localparam ADDR_W = $clog2((BLOCKS > 1) ? BLOCKS : 2) + BANK_W;

    wire [CHAIN*ADDR_W-1:0] delayed;
    assign delayed[ADDR_W-1:0] = read_addr_i;

    genvar i, s;
    generate
        for (i = 1; i < CHAIN; i = i + 1) begin : gen_delay
            lprnn_delay #(
                .WIDTH  (ADDR_W),
                .CYCLES (1),
                .RESET  (0)
            ) u_delay (
                .clk    (clk),
                .rst    (1'b0),
                .data_i (delayed[(i-1)*ADDR_W +: ADDR_W]),
                .data_o (delayed[i*ADDR_W +: ADDR_W])
            );
        end

        for (s = 0; s < COLUMNS; s = s + 1) begin : gen_column
            if (s < USED) begin : gen_memory
                localparam PLACE = (s / STAGE) % CHAIN;
                lprnn_ram #(
                    .WIDTH   (ACT_W),
                    .DEPTH   (1 << ADDR_W),
                    .LATENCY (1),
                    .STYLE   (STYLE)
                ) u_memory (
                    .clk          (clk),
                    .read_addr_i  (delayed[PLACE*ADDR_W +: ADDR_W]),
                    .data_o       (act_o[s*ACT_W +: ACT_W]),
                    .write_i      (write_i[s]),
                    .write_addr_i (write_addr_i),
                    .data_i       (write_data_i[s*ACT_W +: ACT_W])
                );
            end else begin : gen_constant
                assign act_o[s*ACT_W +: ACT_W] = {ACT_W{1'b0}};
            end
        end
    endgenerate

endmodule

`default_nettype wire
