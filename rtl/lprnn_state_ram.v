// lprnn_state_ram - the cell state of all units: one word a group, one read and one write port.
//
// Latency of a read: 1 cycle. Contents start undefined: the first step of a sequence does not
// use them.

`default_nettype none

module lprnn_state_ram #(
    parameter WIDTH  = 16,            // bits of a word
    parameter DEPTH  = 64,            // words
    parameter ADDR_W = 6,             // bits of an address
    parameter STYLE  = "distributed"  // "distributed", "block" or "auto"
) (
    input  wire              clk,
    input  wire [ADDR_W-1:0] read_addr_i,
    output wire [WIDTH-1:0]  data_o,
    input  wire              write_i,
    input  wire [ADDR_W-1:0] write_addr_i,
    input  wire [WIDTH-1:0]  data_i
);

`ifdef VERILATOR
    // Old ones (5.006) read a wide row before they look whether the address, random until reset, is
    // one of the memory's: so that every address is.
    localparam ROWS = (DEPTH > (1 << ADDR_W)) ? DEPTH : (1 << ADDR_W);
`else
    localparam ROWS = DEPTH;
`endif

    // Vivado and Yosys take the style; the others (Quartus, Synplify, Gowin) choose themselves, and learn
    // that a read of the address that is being written does not matter.
`ifdef YOSYS
    (* ram_style = STYLE *)
`elsif __slang__
    (* ram_style = STYLE *)
`else
    (* ram_style = STYLE, ramstyle = "no_rw_check", syn_ramstyle = "no_rw_check" *)
`endif
    reg [WIDTH-1:0] memory [0:ROWS-1];
    reg [WIDTH-1:0] read_q;

    always @(posedge clk) begin
        if (write_i) begin
            memory[write_addr_i] <= data_i;
        end
        read_q <= memory[read_addr_i];
    end

    assign data_o = read_q;

endmodule

`default_nettype wire
