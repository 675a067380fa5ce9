// Models of the block RAM of Xilinx 7 series (E1) and UltraScale+ (E2) and of the latter's multiplier,
// for netlists of cores: contents are read, nothing is written, and the registers inside are not used.
// What else a netlist asks for ends the simulation.
//
// Yosys declares the cells without contents. Words lie one behind another, their ninth bits apart in
// INITP, as in the maker's guides (UG473, UG573).

`default_nettype none

// Two read ports, or one of twice the width (SDP: lower half on A).
module block_rom #(
    parameter ADDRESS = 14,                     // bits of an address of single bits
    parameter DATA    = 1 << ADDRESS,
    parameter WIDTH   = (ADDRESS == 14) ? 18 : 36,
    parameter [DATA-1:0]   INIT  = 0,
    parameter [DATA/8-1:0] INITP = 0,
    parameter READ_WIDTH_A = 0,
    parameter READ_WIDTH_B = 0
) (
    input  wire               clk_a,
    input  wire               clk_b,
    input  wire               en_a,
    input  wire               en_b,
    input  wire               unsupported,
    input  wire [ADDRESS-1:0] address_a,
    input  wire [ADDRESS-1:0] address_b,
    output wire [8*(WIDTH/9)-1:0] do_a,
    output wire [8*(WIDTH/9)-1:0] do_b,
    output wire [WIDTH/9-1:0] dop_a,
    output wire [WIDTH/9-1:0] dop_b
);
    localparam BYTES = 2 * (WIDTH / 9);
    localparam DOUBLE = READ_WIDTH_A == 2 * WIDTH;

    // Taken apart row by row: simulators copy the whole of a parameter to index it.
    reg         data [0:DATA-1];
    reg         parity [0:DATA/8-1];
    reg [255:0] row;
    integer     place;

    initial begin
        for (place = 0; place < DATA; place = place + 1) begin
            if (place % 256 == 0) row = INIT[place +: 256];
            data[place] = row[place%256];
        end
        for (place = 0; place < DATA / 8; place = place + 1) begin
            if (place % 256 == 0) row = INITP[place +: 256];
            parity[place] = row[place%256];
        end
    end

    // The word of `width` bits at an address: parity above, data below.
    function [9*BYTES-1:0] word(input integer width, input [ADDRESS-1:0] address);
        integer bits;
        integer first;
        integer index;
        begin
            word  = 0;
            bits  = (width < 9) ? width : width / 9 * 8;
            first = (bits == 0) ? 0 : address / bits * bits;
            for (index = 0; index < bits; index = index + 1) begin
                word[index] = data[first+index];
            end
            for (index = 0; index < width / 9; index = index + 1) begin
                word[8*BYTES+index] = parity[first/8+index];
            end
        end
    endfunction

    reg [9*BYTES-1:0] a_q = 0;
    reg [9*BYTES-1:0] b_q = 0;

    localparam HALF = BYTES / 2;

    assign {dop_a, do_a} = {a_q[8*BYTES +: HALF], a_q[0 +: 8*HALF]};
    assign {dop_b, do_b} = DOUBLE ? {a_q[8*BYTES+HALF +: HALF], a_q[8*HALF +: 8*HALF]}
                                  : {b_q[8*BYTES +: HALF], b_q[0 +: 8*HALF]};

    always @(posedge clk_a) begin
        if (unsupported) begin
            $display("FAIL: %m: a use without a model");
            $finish;
        end
        if (en_a) a_q <= word(READ_WIDTH_A, address_a);
    end

    always @(posedge clk_b) if (en_b) b_q <= word(READ_WIDTH_B, address_b);
endmodule

`define CONTENTS_18 \
    parameter [255:0] INIT_00 = 0, INIT_01 = 0, INIT_02 = 0, INIT_03 = 0; \
    parameter [255:0] INIT_04 = 0, INIT_05 = 0, INIT_06 = 0, INIT_07 = 0; \
    parameter [255:0] INIT_08 = 0, INIT_09 = 0, INIT_0A = 0, INIT_0B = 0; \
    parameter [255:0] INIT_0C = 0, INIT_0D = 0, INIT_0E = 0, INIT_0F = 0; \
    parameter [255:0] INIT_10 = 0, INIT_11 = 0, INIT_12 = 0, INIT_13 = 0; \
    parameter [255:0] INIT_14 = 0, INIT_15 = 0, INIT_16 = 0, INIT_17 = 0; \
    parameter [255:0] INIT_18 = 0, INIT_19 = 0, INIT_1A = 0, INIT_1B = 0; \
    parameter [255:0] INIT_1C = 0, INIT_1D = 0, INIT_1E = 0, INIT_1F = 0; \
    parameter [255:0] INIT_20 = 0, INIT_21 = 0, INIT_22 = 0, INIT_23 = 0; \
    parameter [255:0] INIT_24 = 0, INIT_25 = 0, INIT_26 = 0, INIT_27 = 0; \
    parameter [255:0] INIT_28 = 0, INIT_29 = 0, INIT_2A = 0, INIT_2B = 0; \
    parameter [255:0] INIT_2C = 0, INIT_2D = 0, INIT_2E = 0, INIT_2F = 0; \
    parameter [255:0] INIT_30 = 0, INIT_31 = 0, INIT_32 = 0, INIT_33 = 0; \
    parameter [255:0] INIT_34 = 0, INIT_35 = 0, INIT_36 = 0, INIT_37 = 0; \
    parameter [255:0] INIT_38 = 0, INIT_39 = 0, INIT_3A = 0, INIT_3B = 0; \
    parameter [255:0] INIT_3C = 0, INIT_3D = 0, INIT_3E = 0, INIT_3F = 0; \
    parameter [255:0] INITP_00 = 0, INITP_01 = 0, INITP_02 = 0, INITP_03 = 0; \
    parameter [255:0] INITP_04 = 0, INITP_05 = 0, INITP_06 = 0, INITP_07 = 0;
`define INITS_18 \
    .INIT         ({ \
    INIT_3F, INIT_3E, INIT_3D, INIT_3C, INIT_3B, INIT_3A, INIT_39, INIT_38, \
    INIT_37, INIT_36, INIT_35, INIT_34, INIT_33, INIT_32, INIT_31, INIT_30, \
    INIT_2F, INIT_2E, INIT_2D, INIT_2C, INIT_2B, INIT_2A, INIT_29, INIT_28, \
    INIT_27, INIT_26, INIT_25, INIT_24, INIT_23, INIT_22, INIT_21, INIT_20, \
    INIT_1F, INIT_1E, INIT_1D, INIT_1C, INIT_1B, INIT_1A, INIT_19, INIT_18, \
    INIT_17, INIT_16, INIT_15, INIT_14, INIT_13, INIT_12, INIT_11, INIT_10, \
    INIT_0F, INIT_0E, INIT_0D, INIT_0C, INIT_0B, INIT_0A, INIT_09, INIT_08, \
    INIT_07, INIT_06, INIT_05, INIT_04, INIT_03, INIT_02, INIT_01, INIT_00}), \
    .INITP        ({ \
    INITP_07, INITP_06, INITP_05, INITP_04, INITP_03, INITP_02, INITP_01, INITP_00}),
`define CONTENTS_36 \
    parameter [255:0] INIT_00 = 0, INIT_01 = 0, INIT_02 = 0, INIT_03 = 0; \
    parameter [255:0] INIT_04 = 0, INIT_05 = 0, INIT_06 = 0, INIT_07 = 0; \
    parameter [255:0] INIT_08 = 0, INIT_09 = 0, INIT_0A = 0, INIT_0B = 0; \
    parameter [255:0] INIT_0C = 0, INIT_0D = 0, INIT_0E = 0, INIT_0F = 0; \
    parameter [255:0] INIT_10 = 0, INIT_11 = 0, INIT_12 = 0, INIT_13 = 0; \
    parameter [255:0] INIT_14 = 0, INIT_15 = 0, INIT_16 = 0, INIT_17 = 0; \
    parameter [255:0] INIT_18 = 0, INIT_19 = 0, INIT_1A = 0, INIT_1B = 0; \
    parameter [255:0] INIT_1C = 0, INIT_1D = 0, INIT_1E = 0, INIT_1F = 0; \
    parameter [255:0] INIT_20 = 0, INIT_21 = 0, INIT_22 = 0, INIT_23 = 0; \
    parameter [255:0] INIT_24 = 0, INIT_25 = 0, INIT_26 = 0, INIT_27 = 0; \
    parameter [255:0] INIT_28 = 0, INIT_29 = 0, INIT_2A = 0, INIT_2B = 0; \
    parameter [255:0] INIT_2C = 0, INIT_2D = 0, INIT_2E = 0, INIT_2F = 0; \
    parameter [255:0] INIT_30 = 0, INIT_31 = 0, INIT_32 = 0, INIT_33 = 0; \
    parameter [255:0] INIT_34 = 0, INIT_35 = 0, INIT_36 = 0, INIT_37 = 0; \
    parameter [255:0] INIT_38 = 0, INIT_39 = 0, INIT_3A = 0, INIT_3B = 0; \
    parameter [255:0] INIT_3C = 0, INIT_3D = 0, INIT_3E = 0, INIT_3F = 0; \
    parameter [255:0] INIT_40 = 0, INIT_41 = 0, INIT_42 = 0, INIT_43 = 0; \
    parameter [255:0] INIT_44 = 0, INIT_45 = 0, INIT_46 = 0, INIT_47 = 0; \
    parameter [255:0] INIT_48 = 0, INIT_49 = 0, INIT_4A = 0, INIT_4B = 0; \
    parameter [255:0] INIT_4C = 0, INIT_4D = 0, INIT_4E = 0, INIT_4F = 0; \
    parameter [255:0] INIT_50 = 0, INIT_51 = 0, INIT_52 = 0, INIT_53 = 0; \
    parameter [255:0] INIT_54 = 0, INIT_55 = 0, INIT_56 = 0, INIT_57 = 0; \
    parameter [255:0] INIT_58 = 0, INIT_59 = 0, INIT_5A = 0, INIT_5B = 0; \
    parameter [255:0] INIT_5C = 0, INIT_5D = 0, INIT_5E = 0, INIT_5F = 0; \
    parameter [255:0] INIT_60 = 0, INIT_61 = 0, INIT_62 = 0, INIT_63 = 0; \
    parameter [255:0] INIT_64 = 0, INIT_65 = 0, INIT_66 = 0, INIT_67 = 0; \
    parameter [255:0] INIT_68 = 0, INIT_69 = 0, INIT_6A = 0, INIT_6B = 0; \
    parameter [255:0] INIT_6C = 0, INIT_6D = 0, INIT_6E = 0, INIT_6F = 0; \
    parameter [255:0] INIT_70 = 0, INIT_71 = 0, INIT_72 = 0, INIT_73 = 0; \
    parameter [255:0] INIT_74 = 0, INIT_75 = 0, INIT_76 = 0, INIT_77 = 0; \
    parameter [255:0] INIT_78 = 0, INIT_79 = 0, INIT_7A = 0, INIT_7B = 0; \
    parameter [255:0] INIT_7C = 0, INIT_7D = 0, INIT_7E = 0, INIT_7F = 0; \
    parameter [255:0] INITP_00 = 0, INITP_01 = 0, INITP_02 = 0, INITP_03 = 0; \
    parameter [255:0] INITP_04 = 0, INITP_05 = 0, INITP_06 = 0, INITP_07 = 0; \
    parameter [255:0] INITP_08 = 0, INITP_09 = 0, INITP_0A = 0, INITP_0B = 0; \
    parameter [255:0] INITP_0C = 0, INITP_0D = 0, INITP_0E = 0, INITP_0F = 0;
`define INITS_36 \
    .INIT         ({ \
    INIT_7F, INIT_7E, INIT_7D, INIT_7C, INIT_7B, INIT_7A, INIT_79, INIT_78, \
    INIT_77, INIT_76, INIT_75, INIT_74, INIT_73, INIT_72, INIT_71, INIT_70, \
    INIT_6F, INIT_6E, INIT_6D, INIT_6C, INIT_6B, INIT_6A, INIT_69, INIT_68, \
    INIT_67, INIT_66, INIT_65, INIT_64, INIT_63, INIT_62, INIT_61, INIT_60, \
    INIT_5F, INIT_5E, INIT_5D, INIT_5C, INIT_5B, INIT_5A, INIT_59, INIT_58, \
    INIT_57, INIT_56, INIT_55, INIT_54, INIT_53, INIT_52, INIT_51, INIT_50, \
    INIT_4F, INIT_4E, INIT_4D, INIT_4C, INIT_4B, INIT_4A, INIT_49, INIT_48, \
    INIT_47, INIT_46, INIT_45, INIT_44, INIT_43, INIT_42, INIT_41, INIT_40, \
    INIT_3F, INIT_3E, INIT_3D, INIT_3C, INIT_3B, INIT_3A, INIT_39, INIT_38, \
    INIT_37, INIT_36, INIT_35, INIT_34, INIT_33, INIT_32, INIT_31, INIT_30, \
    INIT_2F, INIT_2E, INIT_2D, INIT_2C, INIT_2B, INIT_2A, INIT_29, INIT_28, \
    INIT_27, INIT_26, INIT_25, INIT_24, INIT_23, INIT_22, INIT_21, INIT_20, \
    INIT_1F, INIT_1E, INIT_1D, INIT_1C, INIT_1B, INIT_1A, INIT_19, INIT_18, \
    INIT_17, INIT_16, INIT_15, INIT_14, INIT_13, INIT_12, INIT_11, INIT_10, \
    INIT_0F, INIT_0E, INIT_0D, INIT_0C, INIT_0B, INIT_0A, INIT_09, INIT_08, \
    INIT_07, INIT_06, INIT_05, INIT_04, INIT_03, INIT_02, INIT_01, INIT_00}), \
    .INITP        ({ \
    INITP_0F, INITP_0E, INITP_0D, INITP_0C, INITP_0B, INITP_0A, INITP_09, INITP_08, \
    INITP_07, INITP_06, INITP_05, INITP_04, INITP_03, INITP_02, INITP_01, INITP_00}),

// What the models cannot: writing, resets, output registers; and what blocks of UltraScale+ have beside.
`define MORE_THAN_READ \
    DOA_REG != 0 || DOB_REG != 0 || (ENARDEN === 1'b1 && |WEA === 1'b1) \
    || (ENBWREN === 1'b1 && |WEBWE === 1'b1) || RSTRAMARSTRAM === 1'b1 || RSTRAMB === 1'b1
`define E2_ONLY \
    ADDRENA !== 1'b1 || ADDRENB !== 1'b1 || SLEEP !== 1'b0 \
    || CASCADE_ORDER_A != "NONE" || CASCADE_ORDER_B != "NONE"

module RAMB18E1 (
    input  wire CLKARDCLK, CLKBWRCLK, ENARDEN, ENBWREN, REGCEAREGCE, REGCEB,
    input  wire RSTRAMARSTRAM, RSTRAMB, RSTREGARSTREG, RSTREGB,
    input  wire [13:0] ADDRARDADDR, ADDRBWRADDR,
    input  wire [15:0] DIADI, DIBDI,
    input  wire [1:0] DIPADIP, DIPBDIP,
    input  wire [1:0] WEA,
    input  wire [3:0] WEBWE,
    output wire [15:0] DOADO, DOBDO,
    output wire [1:0] DOPADOP, DOPBDOP
);
    parameter READ_WIDTH_A = 0, READ_WIDTH_B = 0, WRITE_WIDTH_A = 0, WRITE_WIDTH_B = 0;
    parameter DOA_REG = 0, DOB_REG = 0;
    parameter [17:0] INIT_A = 0, INIT_B = 0, SRVAL_A = 0, SRVAL_B = 0;
    parameter RAM_MODE = "TDP", WRITE_MODE_A = "WRITE_FIRST", WRITE_MODE_B = "WRITE_FIRST";
    `CONTENTS_18

    block_rom #(
        .ADDRESS      (14),
        `INITS_18
        .READ_WIDTH_A (READ_WIDTH_A),
        .READ_WIDTH_B (READ_WIDTH_B)
    ) u_rom (
        .clk_a       (CLKARDCLK),
        .clk_b       (CLKBWRCLK),
        .en_a        (ENARDEN),
        .en_b        (ENBWREN),
        // Address pin 15 is for cascades, which are not modelled.
        .unsupported (`MORE_THAN_READ),
        .address_a   (ADDRARDADDR[13:0]),
        .address_b   (ADDRBWRADDR[13:0]),
        .do_a        (DOADO),
        .do_b        (DOBDO),
        .dop_a       (DOPADOP),
        .dop_b       (DOPBDOP)
    );
endmodule

module RAMB36E1 (
    input  wire CLKARDCLK, CLKBWRCLK, ENARDEN, ENBWREN, REGCEAREGCE, REGCEB,
    input  wire RSTRAMARSTRAM, RSTRAMB, RSTREGARSTREG, RSTREGB,
    input  wire [15:0] ADDRARDADDR, ADDRBWRADDR,
    input  wire [31:0] DIADI, DIBDI,
    input  wire [3:0] DIPADIP, DIPBDIP,
    input  wire [3:0] WEA,
    input  wire [7:0] WEBWE,
    output wire [31:0] DOADO, DOBDO,
    output wire [3:0] DOPADOP, DOPBDOP
);
    parameter READ_WIDTH_A = 0, READ_WIDTH_B = 0, WRITE_WIDTH_A = 0, WRITE_WIDTH_B = 0;
    parameter DOA_REG = 0, DOB_REG = 0;
    parameter [35:0] INIT_A = 0, INIT_B = 0, SRVAL_A = 0, SRVAL_B = 0;
    parameter RAM_MODE = "TDP", WRITE_MODE_A = "WRITE_FIRST", WRITE_MODE_B = "WRITE_FIRST";
    parameter RAM_EXTENSION_A = "NONE", RAM_EXTENSION_B = "NONE";
    `CONTENTS_36

    block_rom #(
        .ADDRESS      (15),
        `INITS_36
        .READ_WIDTH_A (READ_WIDTH_A),
        .READ_WIDTH_B (READ_WIDTH_B)
    ) u_rom (
        .clk_a       (CLKARDCLK),
        .clk_b       (CLKBWRCLK),
        .en_a        (ENARDEN),
        .en_b        (ENBWREN),
        // Address pin 15 is for cascades, which are not modelled.
        .unsupported (`MORE_THAN_READ
                      || RAM_EXTENSION_A != "NONE" || RAM_EXTENSION_B != "NONE"),
        .address_a   (ADDRARDADDR[14:0]),
        .address_b   (ADDRBWRADDR[14:0]),
        .do_a        (DOADO),
        .do_b        (DOBDO),
        .dop_a       (DOPADOP),
        .dop_b       (DOPBDOP)
    );
endmodule

module RAMB18E2 (
    input  wire CLKARDCLK, CLKBWRCLK, ENARDEN, ENBWREN, REGCEAREGCE, REGCEB,
    input  wire ADDRENA, ADDRENB, SLEEP,
    input  wire RSTRAMARSTRAM, RSTRAMB, RSTREGARSTREG, RSTREGB,
    input  wire [13:0] ADDRARDADDR, ADDRBWRADDR,
    input  wire [15:0] DINADIN, DINBDIN,
    input  wire [1:0] DINPADINP, DINPBDINP,
    input  wire [1:0] WEA,
    input  wire [3:0] WEBWE,
    output wire [15:0] DOUTADOUT, DOUTBDOUT,
    output wire [1:0] DOUTPADOUTP, DOUTPBDOUTP
);
    parameter READ_WIDTH_A = 0, READ_WIDTH_B = 0, WRITE_WIDTH_A = 0, WRITE_WIDTH_B = 0;
    parameter DOA_REG = 0, DOB_REG = 0;
    parameter [17:0] INIT_A = 0, INIT_B = 0, SRVAL_A = 0, SRVAL_B = 0;
    parameter WRITE_MODE_A = "NO_CHANGE", WRITE_MODE_B = "NO_CHANGE";
    parameter CASCADE_ORDER_A = "NONE", CASCADE_ORDER_B = "NONE";
    `CONTENTS_18

    block_rom #(
        .ADDRESS      (14),
        `INITS_18
        .READ_WIDTH_A (READ_WIDTH_A),
        .READ_WIDTH_B (READ_WIDTH_B)
    ) u_rom (
        .clk_a       (CLKARDCLK),
        .clk_b       (CLKBWRCLK),
        .en_a        (ENARDEN),
        .en_b        (ENBWREN),
        .unsupported (`MORE_THAN_READ || `E2_ONLY),
        .address_a   (ADDRARDADDR[13:0]),
        .address_b   (ADDRBWRADDR[13:0]),
        .do_a        (DOUTADOUT),
        .do_b        (DOUTBDOUT),
        .dop_a       (DOUTPADOUTP),
        .dop_b       (DOUTPBDOUTP)
    );
endmodule

module RAMB36E2 (
    input  wire CLKARDCLK, CLKBWRCLK, ENARDEN, ENBWREN, REGCEAREGCE, REGCEB,
    input  wire ADDRENA, ADDRENB, SLEEP,
    input  wire RSTRAMARSTRAM, RSTRAMB, RSTREGARSTREG, RSTREGB,
    input  wire [14:0] ADDRARDADDR, ADDRBWRADDR,
    input  wire [31:0] DINADIN, DINBDIN,
    input  wire [3:0] DINPADINP, DINPBDINP,
    input  wire [3:0] WEA,
    input  wire [7:0] WEBWE,
    output wire [31:0] DOUTADOUT, DOUTBDOUT,
    output wire [3:0] DOUTPADOUTP, DOUTPBDOUTP
);
    parameter READ_WIDTH_A = 0, READ_WIDTH_B = 0, WRITE_WIDTH_A = 0, WRITE_WIDTH_B = 0;
    parameter DOA_REG = 0, DOB_REG = 0;
    parameter [35:0] INIT_A = 0, INIT_B = 0, SRVAL_A = 0, SRVAL_B = 0;
    parameter WRITE_MODE_A = "NO_CHANGE", WRITE_MODE_B = "NO_CHANGE";
    parameter CASCADE_ORDER_A = "NONE", CASCADE_ORDER_B = "NONE";
    `CONTENTS_36

    block_rom #(
        .ADDRESS      (15),
        `INITS_36
        .READ_WIDTH_A (READ_WIDTH_A),
        .READ_WIDTH_B (READ_WIDTH_B)
    ) u_rom (
        .clk_a       (CLKARDCLK),
        .clk_b       (CLKBWRCLK),
        .en_a        (ENARDEN),
        .en_b        (ENBWREN),
        .unsupported (`MORE_THAN_READ || `E2_ONLY),
        .address_a   (ADDRARDADDR[14:0]),
        .address_b   (ADDRBWRADDR[14:0]),
        .do_a        (DOUTADOUT),
        .do_b        (DOUTBDOUT),
        .dop_a       (DOUTPADOUTP),
        .dop_b       (DOUTPBDOUTP)
    );
endmodule

// The multiplier alone: Yosys takes nothing else of this block.
module DSP48E2 (
    input  wire signed [29:0] A,
    input  wire signed [17:0] B,
    input  wire [29:0] ACIN,
    input  wire [17:0] BCIN,
    input  wire [47:0] C, PCIN,
    input  wire [26:0] D,
    input  wire [3:0] ALUMODE,
    input  wire [4:0] INMODE,
    input  wire [8:0] OPMODE,
    input  wire [2:0] CARRYINSEL,
    input  wire CARRYIN,
    output wire [47:0] P
);
    parameter ACASCREG = 1, ADREG = 1, ALUMODEREG = 1, AREG = 1, BCASCREG = 1, BREG = 1;
    parameter CARRYINREG = 1, CARRYINSELREG = 1, CREG = 1, DREG = 1, INMODEREG = 1;
    parameter MREG = 1, OPMODEREG = 1, PREG = 1;
    parameter A_INPUT = "DIRECT", B_INPUT = "DIRECT", AMULTSEL = "A", BMULTSEL = "B";
    parameter USE_MULT = "MULTIPLY", USE_SIMD = "ONE48";

    wire signed [26:0] a = A[26:0];
    wire signed [47:0] product = a * B;
    assign P = product;

    initial #1 begin
        if (AREG != 0 || BREG != 0 || MREG != 0 || PREG != 0 || A_INPUT != "DIRECT"
            || B_INPUT != "DIRECT" || AMULTSEL != "A" || BMULTSEL != "B" || USE_MULT != "MULTIPLY"
            || USE_SIMD != "ONE48" || ALUMODE !== 0 || INMODE !== 0 || OPMODE !== 9'h005
            || CARRYINSEL !== 0 || CARRYIN !== 0) begin
            $display("FAIL: %m: a use without a model");
            $finish;
        end
    end
endmodule

`default_nettype wire
