// lprnn_vector_buffer - the operand vector [x | h] of two steps, one memory per column.
//
//   write: column memories with their own enables, one address
//   read:  {bank, block} -> column s at cycle 1 + (stage of s within its chain)
//
// Stage i of a chain works i cycles after stage 0, so its read address is delayed i cycles. Whatever
// counts is written before it is read. What a read gives of an address that is written in the same
// cycle does not matter: such an element is never used.

`default_nettype none

module lprnn_vector_buffer #(
    parameter COLUMNS   = 16,            // elements of a block
    parameter ACT_W     = 4,             // bits of an element
    parameter CHAIN     = 8,             // stages of a chain
    parameter STAGE     = 2,             // columns of a stage
    parameter ADDR_W    = 5,             // bits of {bank, block}
    parameter USED      = 16,            // columns that are ever written; the others read as zero
    parameter STYLE     = "distributed"  // "distributed" or "auto"
) (
    input  wire                     clk,
    input  wire [ADDR_W-1:0]        read_addr_i,
    output wire [COLUMNS*ACT_W-1:0] act_o,
    input  wire [COLUMNS-1:0]       write_i,
    input  wire [ADDR_W-1:0]        write_addr_i,
    input  wire [COLUMNS*ACT_W-1:0] write_data_i
);

    wire [CHAIN*ADDR_W-1:0] delayed;
    assign delayed[ADDR_W-1:0] = read_addr_i;

    genvar i, s;
    generate
        for (i = 1; i < CHAIN; i = i + 1) begin : gen_delay
            reg [ADDR_W-1:0] addr_q;
            always @(posedge clk) addr_q <= delayed[(i-1)*ADDR_W +: ADDR_W];
            assign delayed[i*ADDR_W +: ADDR_W] = addr_q;
        end

        for (s = 0; s < COLUMNS; s = s + 1) begin : gen_column
            if (s < USED) begin : gen_memory
                localparam PLACE = (s / STAGE) % CHAIN;
                wire [ADDR_W-1:0] read_addr = delayed[PLACE*ADDR_W +: ADDR_W];

                // As in lprnn_state_ram.
`ifdef YOSYS
                (* ram_style = STYLE *)
`elsif __slang__
                (* ram_style = STYLE *)
`else
                (* ram_style = STYLE, ramstyle = "no_rw_check", syn_ramstyle = "no_rw_check" *)
`endif
                reg [ACT_W-1:0] memory [0:(1<<ADDR_W)-1];
                reg [ACT_W-1:0] read_q;

                always @(posedge clk) begin
                    if (write_i[s]) begin
                        memory[write_addr_i] <= write_data_i[s*ACT_W +: ACT_W];
                    end
                    read_q <= memory[read_addr];
                end

                assign act_o[s*ACT_W +: ACT_W] = read_q;
            end else begin : gen_constant
                assign act_o[s*ACT_W +: ACT_W] = {ACT_W{1'b0}};
            end
        end
    endgenerate

endmodule

`default_nettype wire
