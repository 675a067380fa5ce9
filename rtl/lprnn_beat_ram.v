// lprnn_beat_ram - a memory of beats, which holds of an element of whole bytes its code alone.
//
//   beat -> codes -> [ DEPTH beats ] -> codes -> beat
//
// An odd code is held without its last bit, which is 1. Latency of a read: 1 cycle. Contents start undefined, and
// so is what a read gives of an address that is written in the same cycle: whoever reads does not use such a beat.

`default_nettype none

module lprnn_beat_ram #(
    parameter DEPTH    = 64,      // beats
    parameter ELEMENTS = 1,       // elements of a beat
    parameter CODE_W   = 4,       // bits of a code
    parameter CODE_ODD = 0,       // 1: codes are odd, of CODE_W bits and the last one
    parameter STYLE    = "block"  // "distributed", "block" or "auto"
) (
    input  wire                                       clk,
    input  wire [$clog2((DEPTH > 1) ? DEPTH : 2)-1:0] read_addr_i,
    output wire [ELEMENTS*((CODE_W+7)/8)*8-1:0]       data_o,
    input  wire                                       write_i,
    input  wire [$clog2((DEPTH > 1) ? DEPTH : 2)-1:0] write_addr_i,
    input  wire [ELEMENTS*((CODE_W+7)/8)*8-1:0]       data_i
);

    localparam ELEMENT_W = ((CODE_W + 7) / 8) * 8;
    localparam LOW       = (CODE_ODD != 0) ? 1 : 0;  // lowest bit that is kept
    localparam FORM      = (CODE_ODD != 0) ? 1 : (CODE_W < ELEMENT_W) ? 2 : 0;

    wire [ELEMENTS*CODE_W-1:0] codes_in;
    wire [ELEMENTS*CODE_W-1:0] codes_out;

    lprnn_ram #(
        .WIDTH   (ELEMENTS*CODE_W),
        .DEPTH   (DEPTH),
        .LATENCY (1),
        .STYLE   (STYLE)
    ) u_memory (
        .clk          (clk),
        .read_addr_i  (read_addr_i),
        .data_o       (codes_out),
        .write_i      (write_i),
        .write_addr_i (write_addr_i),
        .data_i       (codes_in)
    );

    genvar e;
    generate
        for (e = 0; e < ELEMENTS; e = e + 1) begin : gen_element
            wire [ELEMENT_W-1:0] element = data_i[e*ELEMENT_W +: ELEMENT_W];
            wire [CODE_W-1:0]    code    = codes_out[e*CODE_W +: CODE_W];
            assign codes_in[e*CODE_W +: CODE_W] = element[LOW +: CODE_W];
            case (FORM)
                1: begin : gen_odd
                    assign data_o[e*ELEMENT_W +: ELEMENT_W] = {{(ELEMENT_W-CODE_W-1){code[CODE_W-1]}}, code, 1'b1};
                end
                2: begin : gen_extend
                    assign data_o[e*ELEMENT_W +: ELEMENT_W] = {{(ELEMENT_W-CODE_W){code[CODE_W-1]}}, code};
                end
                default: begin : gen_full
                    assign data_o[e*ELEMENT_W +: ELEMENT_W] = code;
                end
            endcase
        end
    endgenerate

endmodule

`default_nettype wire
