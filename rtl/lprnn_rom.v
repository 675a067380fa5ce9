// lprnn_rom - read-only memory, two cycles from address to data.
//
//   block RAM:   addr_i -> [ DEPTH x WIDTH ] -> register -> register -> data_o
//   LUTs:        addr_i -> register -> [ DEPTH x WIDTH ] -> register -> data_o
//
// Latency: 2 cycles. The second register keeps the slow output of a block RAM out of logic. Before a table
// of LUTs it stands in front: a synthesiser that flattens would look up both rows that the logic of
// the address chooses from, and then choose.
//
// A memory file that is missing, stale or short would read as zeros in some simulators. In
// simulation the contents are therefore checked against DIGEST (FNV-1a over the 32-bit words
// of all rows, lowest word first) and a difference stops the simulation ($stop, so that it ends with
// an exit status where the simulator has one for that).

`default_nettype none

module lprnn_rom #(
    parameter WIDTH    = 32,      // bits of a row
    parameter DEPTH    = 16,      // rows
    parameter FOLDER   = "",      // folder of CONTENTS with a slash at its end; see below
    parameter CONTENTS = "",      // file of hexadecimal rows, exactly DEPTH of them
    parameter [31:0] DIGEST = 32'd0,
    parameter STYLE    = "block"  // "block", or "distributed" for LUTs
) (
    input  wire                                       clk,
    input  wire [$clog2((DEPTH > 1) ? DEPTH : 2)-1:0] addr_i,
    output wire [WIDTH-1:0]                           data_o,
    output wire                                       valid_o  // what is read is there: always
);

    // A table of LUTs is "distributed" to Vivado and "logic" to Synplify, Gowin, and Yosys, which knows no
    // distributed memory without a write port. Quartus chooses itself.
    localparam LUT_STYLE = (STYLE == "distributed") ? "logic" : STYLE;
    localparam SYN_STYLE = (STYLE == "distributed") ? "logic" : "block_rom";

`ifdef VERILATOR
    // Old ones (5.006) read a wide row before they look whether the address, random until reset, is
    // one of the memory's: so that every address is.
    localparam ROWS = 1 << $clog2((DEPTH > 1) ? DEPTH : 2);
`else
    localparam ROWS = DEPTH;
`endif

`ifdef YOSYS
    (* rom_style = STYLE, ram_style = LUT_STYLE *)
`elsif __slang__
    (* rom_style = STYLE, ram_style = LUT_STYLE *)
`else
    (* rom_style = STYLE, ram_style = STYLE, syn_romstyle = SYN_STYLE *)
`endif
    reg [WIDTH-1:0] memory [0:ROWS-1];

`ifdef SYNTHESIS
    // No file, no read: Yosys reads the module once with its default parameters. Without a folder
    // the name stays a plain literal, which every tool can follow.
    generate
        if (CONTENTS != "" && FOLDER != "") begin : gen_contents_of_folder
            initial $readmemh({FOLDER, CONTENTS}, memory, 0, DEPTH - 1);
        end
        if (CONTENTS != "" && FOLDER == "") begin : gen_contents
            initial $readmemh(CONTENTS, memory, 0, DEPTH - 1);
        end
    endgenerate
`else
    integer handle;

    // Without a folder: where the simulation runs, or in rtl/, where a design keeps its memories.
    initial begin : read_contents
        handle = 0;
        if (FOLDER == "") begin
            handle = $fopen(CONTENTS, "r");
        end
        if (handle != 0) begin
            $fclose(handle);
            $readmemh(CONTENTS, memory, 0, DEPTH - 1);
        end else if (FOLDER == "") begin
            $readmemh({"rtl/", CONTENTS}, memory, 0, DEPTH - 1);
        end else begin
            $readmemh({FOLDER, CONTENTS}, memory, 0, DEPTH - 1);
        end
    end
`endif

    reg [WIDTH-1:0] data_q;

    generate
        if (STYLE == "distributed") begin : gen_address_register
            reg [$clog2((DEPTH > 1) ? DEPTH : 2)-1:0] addr_q;
            always @(posedge clk) begin
                addr_q <= addr_i;
                data_q <= memory[addr_q];
            end
        end else begin : gen_output_register
            reg [WIDTH-1:0] read_q;
            always @(posedge clk) begin
                read_q <= memory[addr_i];
                data_q <= read_q;
            end
        end
    endgenerate

    assign data_o  = data_q;
    assign valid_o = 1'b1;

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
                $display("FAIL: %m: contents of %0s%0s are missing, short or stale (digest %h, expected %h)",
                         FOLDER, CONTENTS, digest, DIGEST);
                $display("run in the folder of the design or where the file is, or name its folder:");
                $display("parameter MEMORIES of the top module");
                $stop;
                $finish;
            end
        end
    end
`endif

endmodule

`default_nettype wire
