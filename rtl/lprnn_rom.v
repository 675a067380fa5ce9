// lprnn_rom - read-only memory with a registered output.
//
//   addr_i -> [ DEPTH x WIDTH ] -> register -> register -> data_o
//
// Latency: 2 cycles. The second register keeps the slow output of a block RAM out of logic.
//
// A memory file that is missing, stale or short would read as zeros in some simulators. In
// simulation the contents are therefore checked against DIGEST (FNV-1a over the 32-bit words
// of all rows, lowest word first) and a difference ends the simulation.

`default_nettype none

module lprnn_rom #(
    parameter WIDTH    = 32,      // bits of a row
    parameter DEPTH    = 16,      // rows
    parameter ADDR_W   = 4,       // bits of an address
    parameter CONTENTS = "",      // file of hexadecimal rows, exactly DEPTH of them
    parameter [31:0] DIGEST = 32'd0,
    parameter STYLE    = "block"  // "block", or "distributed" for LUTs
) (
    input  wire              clk,
    input  wire [ADDR_W-1:0] addr_i,
    output wire [WIDTH-1:0]  data_o
);

    // Yosys calls a table of LUTs "logic", and knows no distributed memory without a write port.
    localparam RAM_STYLE = (STYLE == "distributed") ? "logic" : STYLE;

`ifdef VERILATOR
    // Old ones (5.006) read a wide row before they look whether the address, random until reset, is
    // one of the memory's: so that every address is.
    localparam ROWS = 1 << ADDR_W;
`else
    localparam ROWS = DEPTH;
`endif

    (* rom_style = STYLE, ram_style = RAM_STYLE *)
    reg [WIDTH-1:0] memory [0:ROWS-1];

    reg [WIDTH-1:0] read_q;
    reg [WIDTH-1:0] data_q;

    // No file, no read: Yosys reads the module once with its default parameters.
    generate
        if (CONTENTS != "") begin : gen_contents
            initial $readmemh(CONTENTS, memory, 0, DEPTH - 1);
        end
    endgenerate

    always @(posedge clk) begin
        read_q <= memory[addr_i];
        data_q <= read_q;
    end

    assign data_o = data_q;

`ifndef SYNTHESIS
    localparam WORDS = (WIDTH + 31) / 32;

    integer           row;
    integer           word;
    reg [31:0]        digest;
    reg [WORDS*32-1:0] padded;

    // After time zero's initial blocks: the order of two initial blocks is not defined.
    always @(posedge clk) begin : check_contents
        if (digest !== DIGEST) begin
            digest = 32'h811c9dc5;
            for (row = 0; row < DEPTH; row = row + 1) begin
                padded = {(WORDS*32){1'b0}};
                padded[WIDTH-1:0] = memory[row];
                for (word = 0; word < WORDS; word = word + 1) begin
                    digest = (digest ^ padded[word*32 +: 32]) * 32'h01000193;
                end
            end
            if (digest !== DIGEST) begin
                $display("lprnn_rom: contents of %0s are missing, short or stale (digest %h, expected %h)",
                         CONTENTS, digest, DIGEST);
                $finish;
            end
        end
    end
`endif

endmodule

`default_nettype wire
