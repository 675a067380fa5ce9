// SPDX-License-Identifier: MIT OR Apache-2.0
// lprnn-hw 0.1.0
// verilator lint_off TIMESCALEMOD
// one_l0_tables - sigmoid and tanh tables, two read ports, data one cycle after the address.
//
// Rows 0..31: sigmoid of z; from row 32: tanh of z; z as its two's-complement bits in s5.2.
// An entry is the exact function times 2^6, rounded to nearest.

`default_nettype none

module one_l0_tables (
    input  wire        clk,
    input  wire [5:0] gate_addr_i,
    output wire [7:0] gate_data_o,
    input  wire [4:0] tanh_addr_i,
    output wire [7:0] tanh_data_o
);

`ifdef YOSYS
    (* rom_style = "distributed", ram_style = "logic" *)
`elsif __slang__
    (* rom_style = "distributed", ram_style = "logic" *)
`else
    (* rom_style = "distributed", ram_style = "distributed", syn_romstyle = "logic" *)
`endif
    reg [7:0] entry [0:63];
    reg [7:0] gate_data_q;
    reg [7:0] tanh_data_q;

    initial begin
        entry[0] = 8'h20;
        entry[1] = 8'h24;
        entry[2] = 8'h28;
        entry[3] = 8'h2b;
        entry[4] = 8'h2f;
        entry[5] = 8'h32;
        entry[6] = 8'h34;
        entry[7] = 8'h37;
        entry[8] = 8'h38;
        entry[9] = 8'h3a;
        entry[10] = 8'h3b;
        entry[11] = 8'h3c;
        entry[12] = 8'h3d;
        entry[13] = 8'h3e;
        entry[14] = 8'h3e;
        entry[15] = 8'h3f;
        entry[16] = 8'h01;
        entry[17] = 8'h01;
        entry[18] = 8'h02;
        entry[19] = 8'h02;
        entry[20] = 8'h03;
        entry[21] = 8'h04;
        entry[22] = 8'h05;
        entry[23] = 8'h06;
        entry[24] = 8'h08;
        entry[25] = 8'h09;
        entry[26] = 8'h0c;
        entry[27] = 8'h0e;
        entry[28] = 8'h11;
        entry[29] = 8'h15;
        entry[30] = 8'h18;
        entry[31] = 8'h1c;
        entry[32] = 8'h00;
        entry[33] = 8'h10;
        entry[34] = 8'h1e;
        entry[35] = 8'h29;
        entry[36] = 8'h31;
        entry[37] = 8'h36;
        entry[38] = 8'h3a;
        entry[39] = 8'h3c;
        entry[40] = 8'h3e;
        entry[41] = 8'h3f;
        entry[42] = 8'h3f;
        entry[43] = 8'h3f;
        entry[44] = 8'h40;
        entry[45] = 8'h40;
        entry[46] = 8'h40;
        entry[47] = 8'h40;
        entry[48] = 8'hc0;
        entry[49] = 8'hc0;
        entry[50] = 8'hc0;
        entry[51] = 8'hc0;
        entry[52] = 8'hc0;
        entry[53] = 8'hc1;
        entry[54] = 8'hc1;
        entry[55] = 8'hc1;
        entry[56] = 8'hc2;
        entry[57] = 8'hc4;
        entry[58] = 8'hc6;
        entry[59] = 8'hca;
        entry[60] = 8'hcf;
        entry[61] = 8'hd7;
        entry[62] = 8'he2;
        entry[63] = 8'hf0;
    end

    always @(posedge clk) begin
        gate_data_q <= entry[gate_addr_i];
        tanh_data_q <= entry[{1'b1, tanh_addr_i}];
    end

    assign gate_data_o = gate_data_q;
    assign tanh_data_o = tanh_data_q;

endmodule

`default_nettype wire
